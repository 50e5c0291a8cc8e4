"""What several commands take from a person, and where they print."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

from cli.completing import environments, stacks

if TYPE_CHECKING:
    from rich.console import Console

MEANT = "Its name in stack.yaml; left out: the stack's one production, or its only environment."
Environment = Annotated[str | None, typer.Option(help=MEANT, autocompletion=environments)]
Place = Annotated[
    str | None, typer.Argument(help=MEANT, metavar="[ENV]", autocompletion=environments)
]
Stack = Annotated[str, typer.Argument(autocompletion=stacks)]
OneStack = Annotated[str | None, typer.Argument(help="Left out: every one.", autocompletion=stacks)]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@cache
def console() -> Console:
    """Where people read. Made when there is something to read, since what draws it takes long to
    import."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 150)


def show_json(found: object) -> None:
    """For programs, and as ASCII: no escape sequence of somebody's text reaches a terminal."""
    console().print_json(json.dumps(found), ensure_ascii=True)
