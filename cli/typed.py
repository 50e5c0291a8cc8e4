"""What several commands take from a person, and where they print."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

Environment = Annotated[str | None, typer.Option(
    help="Its name in stack.yaml; left out: the stack's one production, or its only environment.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@cache
def console() -> Console:
    """Where people read. Made when there is something to read, since what draws it takes long to import."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 150)
