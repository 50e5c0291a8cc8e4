"""What in a Dockerfile works, and somebody should know of: secrets in the image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.secrecy.plain_values import is_plain, looks_secret

_SET = re.compile(r"^[ \t]*(ENV|ARG)[ \t]+(.*)", re.IGNORECASE)
_PAIR = re.compile(r"([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)")
_PASSWORD = re.compile(r"PASS|PWD|SECRET|TOKEN", re.IGNORECASE)


@dataclass(frozen=True)
class Risk:
    line: int
    text: str
    to_do: str


def dockerfile_risks(text: str) -> Iterator[Risk]:
    """Each with its line. No value is in a text."""
    for number, line in enumerate(text.splitlines(), 1):
        if (found := _SET.match(line)) and (keys := _secrets(found[2])):
            yield Risk(
                number,
                f"{found[1].upper()} {', '.join(keys)}: has a value, "
                "and whoever has the image can read it",
                "Give it by the env file; for a build, use a build secret",
            )


def _secrets(said: str) -> list[str]:
    pairs = _PAIR.findall(said) or [
        (key, value) for key, _, value in [said.partition(" ")] if value
    ]
    return [
        key
        for key, value in pairs
        if looks_secret(key) and "$" not in value and not _says_nothing(key, value.strip("\"'"))
    ]


def _says_nothing(key: str, value: str) -> bool:
    """A path, a number or a word under `..._KEY` is none; under the name of a password everything
    is one."""
    return is_plain(key, value) or (is_plain("", value) and not _PASSWORD.search(key))
