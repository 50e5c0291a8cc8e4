"""What several commands take from a person, and where they print."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import TYPE_CHECKING, Annotated

import typer

from cli.completing import environments, stacks
from tidegate.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

MEANT = "Its name in stack.yaml; left out: the stack's one production, or its only environment."
Environment = Annotated[
    str | None, typer.Argument(help=MEANT, metavar="ENV", autocompletion=environments)
]
AsOption = Annotated[
    str | None, typer.Option("--environment", hidden=True, autocompletion=environments)
]
"""The same, for whoever looks for an option, and for scripts."""
Stack = Annotated[
    str, typer.Argument(help="Its name in stack.yaml.", metavar="STACK", autocompletion=stacks)
]
OneStack = Annotated[
    str | None, typer.Argument(help="Left out: every one.", metavar="STACK", autocompletion=stacks)
]
StackAsOption = Annotated[str | None, typer.Option("--stack", hidden=True, autocompletion=stacks)]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@cache
def console() -> Console:
    """Where people read. Made when there is something to read, since what draws it takes long to
    import."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 150)


def said_once(place: str | None, as_option: str | None) -> str | None:
    """What was said in either form. Raises InputError where both say something else."""
    if place and as_option and place != as_option:
        raise InputError("reading the command", f"it names {place} and {as_option}", "Name one")
    return place or as_option


def show_json(found: object) -> None:
    """For programs, and as ASCII: no escape sequence of somebody's text reaches a terminal."""
    console().print_json(json.dumps(found), ensure_ascii=True)
