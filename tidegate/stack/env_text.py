"""The text of an env file, read as compose reads `env_file:`, so that it means one thing to both.

What compose takes from elsewhere, or reads as nobody would expect, is a fault that says how to
write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SPACE = r"[ \t\v\f\r\x85\xa0]"  # what compose calls a space; a newline is none
_BLANK = re.compile(rf"(?:{_SPACE}|\n)*(?:#[^\n]*)?")
_ASSIGNMENT = re.compile(rf"(?:export{_SPACE}+)?([A-Za-z_][A-Za-z0-9_.-]*){_SPACE}*={_SPACE}*")
_SINGLE = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_DOUBLE = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_AFTER_QUOTE = re.compile(rf"{_SPACE}*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPE = re.compile(r'\\([nrt$"\\])')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "$": "$$", '"': '"', "\\": "\\"}
_OTHER_ESCAPE = re.compile(r"\\[abcfv0]")
_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<name>[A-Za-z_]\w*)"
    r"|\{(?P<braced>[A-Za-z_]\w*)(?:(?P<how>:?-)(?P<default>[^${}]*))?\}|(?P<other>\{))",
    re.ASCII,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Entry:
    """One assignment, or what is wrong at this line. A fault shows nothing of a value."""

    line: int
    key: str = ""
    value: str = ""
    fault: str = ""


class _UnreadableError(Exception):
    """The value cannot be read as compose would."""


def entries(text: str, given: Mapping[str, str]) -> Iterator[Entry]:
    """`given` is what a variable means before the lines above are asked: compose's environment."""
    text, place, above = text.removeprefix("\ufeff").replace("\r\n", "\n"), 0, dict[str, str]()
    while (place := _after_blanks(text, place)) < len(text):
        line = text.count("\n", 0, place) + 1
        try:
            found = _ASSIGNMENT.match(text, place)
            if not found:
                raise _UnreadableError("is not KEY=value")
            value, place = _value(text, found.end(), {**above, **given})
            above[found[1]] = value
            yield Entry(line, found[1], value)
        except _UnreadableError as fault:
            yield Entry(line, found[1] if found else "", fault=str(fault))
            place = _end_of_line(text, place)


def _after_blanks(text: str, place: int) -> int:
    while (blank := _BLANK.match(text, place)) and blank.end() > place:
        place = blank.end()
    return place


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _value(text: str, place: int, known: Mapping[str, str]) -> tuple[str, int]:
    """The value that begins at `place`, and where the next line begins."""
    if text[place : place + 1] in ("'", '"'):
        return _quoted(text, place, known)
    end = _end_of_line(text, place)
    bare = text[place:end].removesuffix("\n").partition(" #")[0].rstrip()
    if _CONTROL.search(bare):
        raise _UnreadableError("holds a control character")
    return _filled(bare, known), end


def _quoted(text: str, place: int, known: Mapping[str, str]) -> tuple[str, int]:
    found = (_SINGLE if text[place] == "'" else _DOUBLE).match(text, place)
    if not found:
        raise _UnreadableError("has a quote that does not end")
    after = _AFTER_QUOTE.match(text, found.end())
    if not after:
        raise _UnreadableError("goes on after its closing quote")
    if text[place] == "'":
        return found[1].replace("\\'", "'"), after.end()
    if _OTHER_ESCAPE.search(found[1].replace("\\\\", "")):
        raise _UnreadableError("has an escape that compose reads in its own way; use single quotes")
    return _filled(_ESCAPE.sub(lambda one: _ESCAPED[one[1]], found[1]), known), after.end()


def _filled(value: str, known: Mapping[str, str]) -> str:
    def meant(one: re.Match[str]) -> str:
        name, default = one["name"] or one["braced"], one["default"]
        if one["dollar"]:
            return "$"
        if one["other"]:
            raise _UnreadableError(
                "has a `${` with more than a name and a default; write the value out"
            )
        if name in known and (known[name] or one["how"] != ":-"):
            return known[name]
        if default is None:
            raise _UnreadableError(
                "has a `$` that begins the name of a variable, and no line above sets it. "
                "If the `$` is meant as it stands, put the value in single quotes"
            )
        return default

    return _VARIABLE.sub(meant, value)
