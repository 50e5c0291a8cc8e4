"""On which line of a file a fault stands, whose text begins with its path: `services.web.ports[0]:
...`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tidegate.stack.env_text import entries

MOST_NODES = 20_000
"""With every alias written out; what is more is not looked through."""
MOST_BYTES = 1 << 20
MOST_DEPTH = 30
_PATH = r"[A-Za-z_][\w-]*(?:\.[\w-]+|\[\d+\])*"
_PARTS = re.compile(rf"; (?=(?:{_PATH}|line \d+): )")
_AT_THE_BEGINNING = re.compile(rf"({_PATH})(?: \[[a-z-]+\])?: ")
_SOMEWHERE = re.compile(r"\b((?:services|volumes|networks|configs|secrets)\.[\w-]+(?:\.[\w-]+)*)")
_LINE = re.compile(r"\bline (\d+)\b")


@dataclass(frozen=True)
class Place:
    """`line` counts from 1."""

    file: Path
    line: int


def parts_of(text: str) -> list[str]:
    """Several faults that stand in one text, each with its path."""
    return _PARTS.split(text)


def place_of_fault(text: str, files: Sequence[Path]) -> Place | None:
    """The place in the last of `files` that says it, or where it is missing; None where the text
    names none."""
    found = _AT_THE_BEGINNING.match(text) or _SOMEWHERE.search(text)
    if found:
        return _nearest(found[1], {file: lines_of(file) for file in _with_included(files)})
    line = _LINE.search(text)
    return Place(files[-1], int(line[1])) if line and len(files) == 1 else None


def lines_of(file: Path) -> dict[str, int]:
    """The line of each path, or of each key of an env file; nothing of a file that cannot be
    read."""
    try:
        text = _text(file)
    except OSError:
        return {}
    if file.suffix not in (".yaml", ".yml"):
        return {one.key: one.line for one in entries(text, {}) if one.key}
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    lines: dict[str, int] = {}
    for path, line in _walk(root, "") if root else ():
        lines.setdefault(path, line)
        if len(lines) > MOST_NODES:
            break
    return lines


def _with_included(files: Sequence[Path]) -> list[Path]:
    """Before each file those that its `include:` names."""
    found: list[Path] = []
    for file in files:
        found += [one for one in _included(file) if one.is_file()]
        found.append(file)
    return found


def _included(file: Path) -> Iterator[Path]:
    if file.suffix not in (".yaml", ".yml"):
        return
    try:
        root = yaml.compose(_text(file), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        return
    for path in _scalars_under(root, "include"):
        yield file.parent / path


def _scalars_under(root: yaml.Node | None, key: str) -> Iterator[str]:
    """`include: [a.yaml, {path: b.yaml}, {path: [c.yaml]}]`."""
    for name, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if name.value != key:
            continue
        for one in value.value if isinstance(value, yaml.SequenceNode) else (value,):
            if isinstance(one, yaml.MappingNode):
                yield from _scalars_under(one, "path")
            elif isinstance(one, yaml.ScalarNode):
                yield one.value


def _text(file: Path) -> str:
    """Raises OSError."""
    with file.open(encoding="utf-8", errors="replace") as opened:
        return opened.read(MOST_BYTES)


def _walk(node: yaml.Node, path: str, depth: int = 0) -> Iterator[tuple[str, int]]:
    if depth > MOST_DEPTH:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            yield inner, key.start_mark.line + 1
            yield from _walk(value, inner, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield f"{path}[{number}]", value.start_mark.line + 1
            yield from _walk(value, f"{path}[{number}]", depth + 1)


def _nearest(path: str, files: Mapping[Path, Mapping[str, int]]) -> Place | None:
    """The path itself, or the nearest one above it that is there."""
    while path:
        for file, lines in reversed([*files.items()]):
            if path in lines:
                return Place(file, lines[path])
        path = re.sub(r"(?:^|\.)[^.\[\]]*\Z|\[\d+\]\Z", "", path)
    return None
