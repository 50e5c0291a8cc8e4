"""The words for who looks: they change nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cli.typed import AsJson, AsOption, Environment, Stack, console, said_once, show_json
from tidegate.settings import Settings

looking = typer.Typer()


@looking.command()
def versions(
    stack: Stack, limit: Annotated[int, typer.Option(min=1, max=500)] = 20, json: AsJson = False
) -> None:
    """What can be released, newest first; what serves where, and what is held."""
    from cli.versions import rows, table
    from tasks.frame.asked import releasable

    found = releasable(Settings(), stack, limit)
    show_json(rows(found)) if json else console().print(table(found, stack))


@looking.command()
def doctor(json: AsJson = False) -> None:
    """Is everything there that a release needs? Exit code 1 when something is bad."""
    from cli.control_plane import ControlPlane, with_prefect

    settings = Settings()
    if settings.api_auth_file.exists():
        with_prefect(ControlPlane(settings).environment())
    from cli.doctor import diagnoses, show

    found = diagnoses(settings)
    show_json([asdict(one) for one in found]) if json else show(found, console())
    raise typer.Exit(not all(one.is_good for one in found))


@looking.command()
def logs(
    stack: Stack,
    environment: Environment = None,
    as_option: AsOption = None,
    service: Annotated[
        str | None,
        typer.Option(help="Also a database or a cache; left out: all that are released."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    lines: Annotated[int, typer.Option(min=1, max=100_000, help="Of each container.")] = 100,
    json: AsJson = False,
) -> None:
    """What the containers of the version that serves print, without secrets."""
    from cli.control_plane import ControlPlane, with_prefect
    from cli.places import meant_environment

    settings = Settings()
    place = meant_environment(settings, stack, said_once(environment, as_option))
    with_prefect(ControlPlane(settings).environment())
    from cli.logs import show
    from tasks.frame.asked import printed

    show(printed(settings, stack, place, service=service, lines=lines, follow=follow), as_json=json)
