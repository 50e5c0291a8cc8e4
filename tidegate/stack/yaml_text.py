"""One YAML file, read within bounds and without surprises: what two readers could take for two
things is refused.

A key stands once; a date, a version and a text stay text; nothing in a file can make its reader
work or wait for long.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from tidegate.errors import StackFileError

MOST_BYTES = 64 << 10
MOST_DEPTH = 20
MOST_NODES = 5_000
"""With every alias written out: ten lines of aliases of aliases can stand for a billion values."""
MOST_DIGITS = 15
# ten times as fast where it is there
_PARSER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_PLAIN = "tag:yaml.org,2002:"
_TEXT, _MERGE, _TOO_LONG = f"{_PLAIN}str", f"{_PLAIN}merge", "!a-number-that-is-too-long"
_NUMBERS = {
    "int": re.compile(rf"^[-+]?(?:0|[1-9][0-9]{{0,{MOST_DIGITS - 1}}})\Z"),
    "float": re.compile(
        rf"^[-+]?[0-9]{{1,{MOST_DIGITS}}}\.[0-9]{{1,{MOST_DIGITS}}}(?:[eE][-+]?[0-9]{{1,2}})?\Z"
    ),
}
_LONG_NUMBER = re.compile(rf"^[-+]?[0-9]{{{MOST_DIGITS + 1},}}(?:\.[0-9]*)?\Z")


def read_yaml(file: Path, doing: str) -> Any:
    """The file's one document as plain values. Raises StackFileError with the line of the fault."""
    text = _text(file, doing)
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        what = "" if isinstance(error, _RefusedError) else "it is not YAML: "
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise StackFileError(doing, f"{where}{what}{said}", "Correct it") from None
    except (
        yaml.YAMLError,
        ValueError,
    ) as error:  # a character that YAML does not allow, such as NUL
        raise StackFileError(
            doing, f"it is not YAML: {' '.join(str(error).split())}", "Correct it"
        ) from None


def _text(file: Path, doing: str) -> str:
    """Its text. Only a plain file is read: a pipe would make us wait for ever."""
    try:
        content = _content(file, doing)
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        came_back = "it is a link to nothing" if file.is_symlink() else "there is no such file"
        raise StackFileError(
            doing, came_back, "Create it; `tidegate docs stack-file` shows a commented one"
        ) from None
    except OSError as error:
        raise StackFileError(
            doing,
            f"it cannot be read ({error.strerror or type(error).__name__})",
            "Make it a file that Tidegate may read",
        ) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise StackFileError(doing, f"line {line}: it is not UTF-8", "Save it as UTF-8") from None


def _content(file: Path, doing: str) -> bytes:
    opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise StackFileError(doing, "it is no file", "Put a file in its place")
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise StackFileError(
            doing, f"it is larger than {MOST_BYTES >> 10} KiB", "Write a shorter one"
        )
    return content


class _RefusedError(yaml.MarkedYAMLError):
    """YAML, and still nothing that a file of ours may hold."""


class _Loader(Composer, SafeConstructor, Resolver):
    """PyYAML's own reader with bounds. Dates stay text, tags are refused, and a key is a text that
    stands once."""

    def __init__(self, text: str) -> None:
        events = _PARSER(text)
        self.check_event, self.peek_event, self.get_event = (
            events.check_event,
            events.peek_event,
            events.get_event,
        )
        for part in (Composer, SafeConstructor, Resolver):
            part.__init__(self)
        self._depth = self._nodes = 0
        self._sizes: dict[yaml.Node, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event, before = cast(Any, self.peek_event()), self._nodes
        if getattr(event, "tag", None):
            raise _at(
                event,
                f"the tag {event.tag} is not allowed: write a plain value, or a text in quotes",
            )
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise _at(event, f"it is nested more than {MOST_DEPTH} deep")
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._count(event, node, before)
        return node

    def _count(self, event: yaml.Event, node: yaml.Node | None, before: int) -> None:
        if node is None:
            return
        if node.tag == _TOO_LONG:
            raise _at(
                event,
                f"a number of more than {MOST_DIGITS} digits: put it in quotes if it is a text",
            )
        if isinstance(event, yaml.AliasEvent):
            if node not in self._sizes:
                raise _at(event, f"the alias *{event.anchor} stands inside what it names")
            self._nodes += self._sizes[node]
        else:
            self._nodes += 1
            self._sizes[node] = self._nodes - before
        if self._nodes > MOST_NODES:
            raise _at(event, f"it holds more than {MOST_NODES} values, its aliases written out")

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        _refuse_twice([key for key, _ in node.value])
        for key, merged in node.value:
            if key.tag == _MERGE and isinstance(merged, yaml.SequenceNode):
                _refuse_twice([inner for one in merged.value for inner in _keys(one)])
        return node


# The reader's own table of what a plain value means, without dates and without its numbers, which
# read 12:30 as 750.
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in known
        if tag.removeprefix(_PLAIN) in ("bool", "null", "merge")
    ]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _name, _pattern in _NUMBERS.items():
    _Loader.add_implicit_resolver(_PLAIN + _name, _pattern, list("-+0123456789"))
_Loader.add_implicit_resolver(_TOO_LONG, _LONG_NUMBER, list("-+0123456789"))


def _refuse_twice(keys: Iterable[yaml.Node]) -> None:
    """A key that stands twice, however it is written: one of its values would be taken away without
    a word."""
    first: dict[str, int] = {}
    for key in keys:
        if key.tag not in (_TEXT, _MERGE):
            raise _at(key, "a key must be a text: put it in quotes")
        if key.value in first:
            raise _at(key, f"{key.value!r} is there twice, first on line {first[key.value]}")
        first[key.value] = key.start_mark.line + 1


def _keys(merged: yaml.Node) -> Iterator[yaml.Node]:
    """The keys that a merge would bring; what is no mapping is refused by the library."""
    if isinstance(merged, yaml.MappingNode):
        yield from (key for key, _ in merged.value if key.tag != _MERGE)
        yield from (
            inner for key, value in merged.value if key.tag == _MERGE for inner in _keys(value)
        )


def _at(place: yaml.Event | yaml.Node, problem: str) -> _RefusedError:
    return _RefusedError(problem=problem, problem_mark=cast(yaml.Mark, place.start_mark))
