"""Patterns of database names, as a shell reads them: `*` is any text, `?` is one character, and
`${NAME}` is a key of the env file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from tidegate.errors import ConfigError

MOST_NAME_BYTES = 200
"""Of a name as a backup keeps it: it is part of the name of a file."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}", re.ASCII)


def keys_in(pattern: str) -> list[str]:
    """The keys of the env file that are part of it."""
    found: list[str] = _VARIABLE.findall(pattern)
    return found


def filled(pattern: str, values: Mapping[str, str]) -> str:
    """With the values of an environment. Raises ConfigError for a key without one, because without
    it the pattern would find more."""
    if missing := [key for key in keys_in(pattern) if not values.get(key)]:
        raise ConfigError(
            f"reading the pattern {pattern}",
            f"the env file has no value for {', '.join(missing)}",
            "Add it",
        )
    return _VARIABLE.sub(lambda found: values[found[1]], pattern)


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Those of `names` that are like the pattern, sorted. Upper and lower case differ."""
    signs = {"*": ".*", "?": "."}
    wanted = re.compile("".join(signs.get(one) or re.escape(one) for one in pattern), re.DOTALL)
    return sorted(name for name in names if wanted.fullmatch(name))


def overlap(one: str, other: str) -> bool:
    """Whether a name may be like both patterns."""
    reached = {(0, 0)}
    seen = set[tuple[int, int]]()
    while reached:
        seen |= reached
        reached = {step for here in reached for step in _steps(one, other, *here)} - seen
    return (len(one), len(other)) in seen


def _steps(one: str, other: str, here: int, there: int) -> Iterable[tuple[int, int]]:
    """Where one more character of a common name, or the end of a `*`, leads to in both."""
    first, second = one[here : here + 1], other[there : there + 1]
    if first == "*":
        yield here + 1, there
    if second == "*":
        yield here, there + 1
    if first and second and (first == second or {first, second} & {"*", "?"}):
        yield here + (first != "*"), there + (second != "*")


def kept_as(name: str) -> str:
    """A database's name as backups and pages keep it: what is neither letter, digit, `_` nor `-` is
    written as `%20`."""
    return "".join(one if one.isalnum() or one in "_-" else _in_hex(one) for one in name)


def name_of(kept: str) -> str:
    """The name of which `kept_as` made `kept`."""
    return unquote_to_bytes(kept).decode(errors="surrogateescape")


def _in_hex(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="surrogateescape"))
