"""Variables in texts of a compose file, before anything is put in: `${NAME}`, `${NAME:-default}`,
`${NAME:?why}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_VARIABLE = re.compile(
    r"\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^${}]*(?:\$\{[^{}]*\}[^${}]*)*))?\})",
    re.ASCII,
)
OF_COMPOSE = frozenset({"COMPOSE_PROJECT_NAME", "HOME", "PATH", "PWD"})
"""Those that it has without an env file."""
STAND_IN = "1"
"""For a value that nobody has given: right for a port, a tag and a text."""


@dataclass(frozen=True)
class Variable:
    name: str
    default: str | None = None
    """None where it must have a value: without one the compose file cannot be read."""


def variables_in(tree: Any) -> Iterator[Variable]:
    """Every one in a compose model, as often as it stands there."""
    if isinstance(tree, str):
        for found in _VARIABLE.finditer(tree):
            if not found[1]:
                how, rest = found[4] or "", found[5] or ""
                yield Variable(
                    found[2] or found[3], rest if "-" in how else "" if "+" in how else None
                )
                yield from variables_in(rest)
    elif isinstance(tree, Mapping):
        for inner in tree.values():
            yield from variables_in(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from variables_in(inner)


def whole_variable(text: object) -> Variable | None:
    """The one that a value consists of: `${DB_PASSWORD}`, and nothing around it."""
    found = _VARIABLE.fullmatch(text) if isinstance(text, str) else None
    return next(variables_in(text)) if found and not found[1] else None


def with_defaults(text: str) -> str | None:
    """The text with each variable's default in its place; None where one has none."""
    found = list(variables_in(text))
    if any(one.default is None for one in found):
        return None
    filled = _VARIABLE.sub(lambda one: "$" if one[1] else one[5] or "", text)
    return None if "${" in filled else filled


def missing_in(tree: Any, values: Mapping[str, str]) -> set[str]:
    """Names of the variables in a compose model that have neither one of `values` nor a default,
    and that Compose has not by itself."""
    plain = {key: value.replace("$", "") for key, value in values.items()}
    return {
        one.name
        for text in _texts(tree)
        for one in variables_in(filled(text, plain))
        if one.default is None and one.name not in OF_COMPOSE
    }


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping | list):
        for inner in tree.values() if isinstance(tree, Mapping) else tree:
            yield from _texts(inner)


def masked(text: str) -> str:
    """The text with an `x` for each character of a variable: the rest stays where it is."""
    return _VARIABLE.sub(lambda found: "x" * len(found[0]), text)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with values put in, and defaults where there are none; what has neither stays as it
    stands, and so does `${NAME:?}` whose value is empty."""

    def put(found: re.Match[str]) -> str:
        name, how, rest = found[2] or found[3], found[4] or "", found[5] or ""
        if found[1]:
            return "$$"
        value = values.get(name)
        is_there = bool(value) if how.startswith(":") else value is not None
        if "+" in how:
            return filled(rest, values) if is_there else ""
        if is_there or (value is not None and "-" not in how and how != ":?"):
            return str(value)
        return filled(rest, values) if "-" in how else found[0]

    return _VARIABLE.sub(put, text)
