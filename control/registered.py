"""Which choices the forms were registered with, so that a look at the stack files says whether
others are due."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tidegate.settings import Settings
from tidegate.stack.catalogue import STACK_FILE
from tidegate.stack.choices import Choices, choices

Stamp = tuple[tuple[str, int, int], ...]


def note_registered(settings: Settings, now: Choices) -> None:
    file = _file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_as_text(now), encoding="utf-8")


def is_due(settings: Settings) -> bool:
    """Whether the stack files name other stacks or environments than the forms. Nothing is due that
    was never registered."""
    file = _file(settings)
    return file.exists() and file.read_text(encoding="utf-8") != _as_text(choices(settings))


def stamp_of(stacks: Path) -> Stamp:
    """Another one when a stack file was added, removed or written. No file is read."""
    found = []
    for folder in (stacks, *sorted(stacks.iterdir())) if stacks.is_dir() else ():
        try:
            at = (folder / STACK_FILE).stat()
        except OSError:
            continue
        found.append((folder.name, at.st_mtime_ns, at.st_size))
    return tuple(found)


def _file(settings: Settings) -> Path:
    return settings.home / "run" / "registered.json"


def _as_text(now: Choices) -> str:
    return json.dumps(asdict(now), sort_keys=True)
