"""A text as it reads when its escapes are taken away, level by level, and where each part of it
stood in the original."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

MOST_LEVELS = 4
"""JSON in a URL in a page: what is escaped more often is not read by any person."""
# all backslashes that stand in a row: two and more where a text was escaped twice
_ROW = r"\\(?<!\\\\)\\*+"
_OCTETS = "|".join(
    (  # one character in UTF-8, each byte written as %C3 or \xC3
        r"[cd][0-9a-f]{0}",
        r"e[0-9a-f](?:{0}){{2}}",
        r"f[0-7](?:{0}){{3}}",
        r"[0-9a-f]{{2}}",
    )
).format(r"(?:%|\\++x)[89ab][0-9a-f]")
_ESCAPES = re.compile(
    "|".join(
        (
            rf"{_ROW}(?:(?-i:U)[0-9a-f]{{8}}|ud[89ab][0-9a-f]{{2}}\\++ud[c-f][0-9a-f]{{2}}|"
            r"u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|"
            rf"x(?:{_OCTETS})|[23][0-7]{{2}}(?:\\++2[0-7]{{2}}){{1,3}}|[01][0-7]{{2}})",
            rf"%(?:u[0-9a-f]{{4}}|{_OCTETS})",
            r"&(?:\#[0-9]{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});",
        )
    ),
    re.IGNORECASE,
)
_NOISE = re.compile(  # what stands between characters and means nothing to who reads them
    "\x1b\\[[0-?]{0,60}[ -/]{0,10}[@-~]|\\\\+|\\$\\$+|[ +][ +]+|[\u00ad\u200b-\u200f\u2060\ufeff]+"
)
_HEX = re.compile(r"[0-9a-f]{2,8}", re.IGNORECASE)
# A control character is escaped as its letter; a form writes a space as `+`.
_LETTERS = str.maketrans(
    {
        "\n": "n",
        "\r": "r",
        "\t": "t",
        "\b": "b",
        "\f": "f",
        "\v": "v",
        "\a": "a",
        "\0": "0",
        "+": " ",
        "İ": "i",
    }
)


class Change(NamedTuple):
    """One piece of a text that became another one: `start:end` in the new text,
    `from_start:from_end` in the old one."""

    start: int
    end: int
    from_start: int
    from_end: int


class Layer(NamedTuple):
    """A text and the changes that made it, in their order."""

    text: str
    changes: list[Change]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        return self._place(start)[0], self._place(end - 1)[1]

    def _place(self, at: int) -> tuple[int, int]:
        """Where one character came from."""
        index = bisect_right(self.changes, at, key=lambda change: change.start) - 1
        if index < 0:
            return at, at + 1
        change = self.changes[index]
        if at < change.end:
            return change.from_start, change.from_end
        return change.from_end + at - change.end, change.from_end + at - change.end + 1


class View(NamedTuple):
    """One reading of a text, in lower case, without noise."""

    text: str
    layers: tuple[Layer, ...]
    """The last one made the view's text, the first one was made of the original."""

    def origin(self, span: tuple[int, int]) -> tuple[int, int]:
        for layer in reversed(self.layers):
            span = layer.origin(*span)
        return span


def views(text: str) -> Iterator[View]:
    """The text itself, then with its escapes taken away once, twice, ... until none is left."""
    layers: tuple[Layer, ...] = ()
    for _ in range(MOST_LEVELS):
        quieter = _changed(_NOISE, _reduced, text)
        yield View(quieter.text.translate(_LETTERS).lower(), (*layers, quieter))
        meant = _changed(_ESCAPES, _meant, text)
        if meant.text == text:
            return
        layers, text = (*layers, meant), meant.text


def quiet(text: str) -> str:
    """`text` as the first view has it."""
    return _NOISE.sub(lambda match: _reduced(match[0]), text).translate(_LETTERS).lower()


def _changed(pattern: re.Pattern[str], change: Callable[[str], str], text: str) -> Layer:
    parts, changes, done, size = [], [], 0, 0
    for match in pattern.finditer(text):
        new = change(match[0])
        size += match.start() - done
        parts += [text[done : match.start()], new]
        changes.append(Change(size, size + len(new), match.start(), match.end()))
        size, done = size + len(new), match.end()
    return Layer("".join([*parts, text[done:]]) if changes else text, changes)


def _reduced(noise: str) -> str:
    return noise[0] if noise[0] in "$ +" else ""


def _meant(escape: str) -> str:
    """What one escape stands for; itself where it stands for nothing."""
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[0] == "\\" and escape.lstrip("\\")[0].isdigit():
        return bytes(int(octal, 8) for octal in re.findall(r"[0-7]{3}", escape)).decode(
            errors="replace"
        )
    numbers = _HEX.findall(
        escape.replace("u", " ").replace("U", " ").replace("x", " ").replace("X", " ")
    )
    if "u" in escape.lower():
        return _characters([int(number, 16) for number in numbers])
    octets = bytes(int(number, 16) for number in numbers)
    return (
        octets.decode(errors="replace")
        if octets.isascii() or len(octets) > 1
        else octets.decode("latin-1")
    )


def _characters(units: list[int]) -> str:
    if len(units) == 2:  # a pair of surrogates
        return chr(0x10000 + ((units[0] - 0xD800) << 10) + units[1] - 0xDC00)
    return chr(units[0]) if units[0] < 0x110000 else ""
