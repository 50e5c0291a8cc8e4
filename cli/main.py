"""`tidegate run | stop | status | history | demo`."""

from __future__ import annotations

import json as jsonlib
import sys
from typing import Annotated

import typer
from rich.console import Console

from tidegate.errors import TidegateError
from tidegate.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Take a version of a Docker application to production, and back.")
console = Console(width=None if sys.stdout.isatty() else 150)
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def run() -> None:
    """Start the control plane in the background. Safe to run twice."""
    from cli.run import run as start

    start(Settings(), console)


@app.command()
def stop() -> None:
    """Stop exactly what `run` started; released applications keep running."""
    from cli.run import stop as end

    end(Settings(), console)


@app.command()
def status(stack: str | None = None, json: AsJson = False) -> None:
    """What runs where: the edge's answer beside the ledger's."""
    from cli.status import rows, table

    found = rows(Settings(), stack)
    console.print_json(jsonlib.dumps(found)) if json else console.print(table(found))


@app.command()
def history(stack: str, environment: str = "prod", limit: int = 20, json: AsJson = False) -> None:
    """What was deployed, when, by whom, and how it ended."""
    from cli.history import rows, table

    found = rows(Settings(), stack, environment, limit)
    console.print_json(jsonlib.dumps(found)) if json else console.print(table(found, stack, environment))


@app.command()
def demo(fresh: Annotated[bool, typer.Option(help="Forget the demo's earlier releases first.")] = True) -> None:
    """Release v1.0.0 and then v1.1.0 of the example application to production."""
    from cli.demo import demo as show

    raise typer.Exit(show(Settings(), console, fresh=fresh))


def main() -> None:
    """Errors of ours are one clear text, not a traceback."""
    try:
        app()
    except TidegateError as error:
        Console(stderr=True).print(f"[red]✗[/red] {error}", soft_wrap=True)
        raise SystemExit(1) from None
