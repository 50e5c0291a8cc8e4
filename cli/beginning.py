"""The words for who begins: they read and write files, and need neither server nor engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.typed import AsJson, OneStack, console, show_json
from tidegate.errors import InputError
from tidegate.settings import Settings

beginning = typer.Typer()
Answer = Annotated[str | None, typer.Option(help="Answers the question beforehand.")]


@beginning.command()
def init(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="That has the compose files; made where it is missing."
        ),
    ] = Path(),
    name: Annotated[
        str | None,
        typer.Option(help="Of the stack; left out: that of the compose project or the folder."),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(
            "--from", help="A compose project that runs here: begin with the files it has."
        ),
    ] = None,
    title: Answer = None,
    service: Annotated[str | None, typer.Option(help="The service that people come to.")] = None,
    port: Annotated[
        str | None, typer.Option(help="Where that one listens, inside its container.")
    ] = None,
    ready_path: Annotated[
        str | None, typer.Option(help="Its page that answers 200 only when it can work.")
    ] = None,
    domain: Annotated[str | None, typer.Option(help="By which people come.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: what was found counts.")] = False,
    json: AsJson = False,
) -> None:
    """Write stack.yaml for an application; without compose files: a folder for several."""
    from cli.init import init as begin

    given = {
        "name": name,
        "title": title,
        "service": service,
        "port": port,
        "ready-path": ready_path,
        "domain": domain,
    }
    found = begin(
        folder.resolve(),
        given,
        console(),
        asks=not (yes or json),
        quiet=json,
        project=project,
    )
    if json:
        show_json(found)


@beginning.command()
def schema() -> None:
    """Print the JSON schema of stack.yaml, by which editors check it."""
    from tidegate.stack.schema_export import SCHEMA_FILE

    sys.stdout.write(SCHEMA_FILE.read_text(encoding="utf-8"))


@beginning.command()
def check(stack: OneStack = None, json: AsJson = False) -> None:
    """What is wrong with the stack, env and compose files, before anything runs."""
    from cli.check import rows, show
    from tasks.plan.checking import look_over

    settings = Settings()
    looked_at, found = look_over(settings, stack)
    if not looked_at and not found:
        raise InputError(
            f"looking for stack files in {settings.stacks}",
            "there is none",
            "`tidegate init FOLDER` writes one for the application in FOLDER; "
            "a CI starts the check in the folder that has tidegate.toml",
        )
    if json:
        show_json(rows(found))
    else:
        show(looked_at, found, console())
    raise typer.Exit(any(one.kind == "fault" for one in found))


@beginning.command()
def docs(
    page: Annotated[
        str | None, typer.Argument(metavar="PAGE", help="Left out: which there are.")
    ] = None,
) -> None:
    """Read a page of the documentation."""
    from cli.manual import show

    show(page, console())
