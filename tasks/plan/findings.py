"""What `tidegate check` finds, each with the file and line that say it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tidegate.errors import TidegateError
from tidegate.stack.lines import parts_of, place_of_fault


@dataclass(frozen=True)
class Finding:
    """One thing that a person should know of the files. A fault stops a release; a risk is allowed,
    and stands on its plan."""

    kind: Literal["fault", "risk"]
    stack: str
    environment: str | None
    doing: str
    came_back: str
    to_do: str
    file: str | None = None
    line: int | None = None


def faults(
    stack: str, environment: str | None, error: TidegateError, files: Sequence[Path]
) -> Iterator[Finding]:
    """One for each path that the error names; `files` are those that may say it."""
    for part in parts_of(error.came_back):
        yield placed(Finding("fault", stack, environment, error.doing, part, error.to_do), files)


def placed(found: Finding, files: Sequence[Path]) -> Finding:
    place = place_of_fault(found.came_back, files)
    return replace(found, file=shown(place.file), line=place.line) if place else found


def shown(file: Path) -> str:
    """As an editor or a terminal finds it from the current folder."""
    return os.path.relpath(file)
