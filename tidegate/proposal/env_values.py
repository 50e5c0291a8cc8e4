"""The env file of a new environment: which keys it needs, which values are known, and which a
person must give."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from tidegate.facts import ComposeModel
from tidegate.secrecy.plain_values import holds_secret, looks_secret
from tidegate.stack.variables import Variable, variables_in

_OF_ITS_OWN = re.compile(
    r"(?:DJANGO_|FLASK_|RAILS_|AUTH_|NEXTAUTH_|BETTER_AUTH_)?(?:SECRET_KEY|SECRET_KEY_BASE|APP_SECRET|JWT_SECRET|SESSION_SECRET|"
    r"COOKIE_SECRET|AUTH_SECRET|SECRET|SIGNING_KEY|HASH_SALT)"
)
"""What an application only compares with itself: any random text is right."""
_PLACEHOLDER = re.compile(
    r"change|example|your|xxx|todo|replace|secret|placeholder|<", re.IGNORECASE
)


@dataclass(frozen=True)
class EnvFile:
    """`values` has every key that is known; `made_up` are those with a random value; `missing` are
    left to a person."""

    keys: tuple[str, ...]
    values: Mapping[str, str]
    made_up: tuple[str, ...]
    missing: tuple[str, ...]

    def template(self) -> str:
        """Keys and no values: it goes into git."""
        return "".join(f"{key}=\n" for key in self.keys)

    def text(self) -> str:
        """What is missing is a comment: an empty value would be taken for one."""
        lines = [f"{key}={_quoted(self.values[key])}\n" for key in self.keys if key in self.values]
        return "".join([*lines, *(f"# {key}=\n" for key in self.missing)])


def env_file_of(
    model: ComposeModel,
    base: Collection[str],
    known: Mapping[str, str],
    wanted: Iterable[str],
    make_secret: Callable[[], str] | None,
) -> EnvFile:
    """`known` is what the compose files and the team's own example say, `wanted` are keys that
    stack.yaml names.

    With `make_secret`, a password that base services of this environment are given is made up: they
    start with it for the first time.
    """
    needed = [one.name for one in _needed(model)]
    keys = tuple(dict.fromkeys([*needed, *wanted]))
    of_base = {one.name for name in base for one in variables_in(model["services"][name])}
    values: dict[str, str] = {}
    made_up = []
    for key in keys:
        if key in known and not (looks_secret(key) and _PLACEHOLDER.search(known[key])):
            values[key] = known[key]
        elif make_secret and looks_secret(key) and (key in of_base or _OF_ITS_OWN.fullmatch(key)):
            values[key] = make_secret()
            made_up.append(key)
    return EnvFile(keys, values, tuple(made_up), tuple(key for key in keys if key not in values))


def plain_examples(example: Mapping[str, str]) -> dict[str, str]:
    """Of a team's example, what is no secret and no placeholder."""
    return {
        key: value
        for key, value in example.items()
        if value and not holds_secret(key, value) and not _PLACEHOLDER.search(value)
    }


def _needed(model: ComposeModel) -> list[Variable]:
    """In the order of their names, those without which the compose file cannot be read."""
    needed = {one.name: one for one in variables_in(model) if one.default is None}
    return [needed[name] for name in sorted(needed)]


def _quoted(value: str) -> str:
    return (
        value
        if re.fullmatch(r"[A-Za-z0-9_./:@,+=-]*", value)
        else "'" + value.replace("'", "\\'") + "'"
    )
