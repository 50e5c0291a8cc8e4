"""The words that a person types after `tidegate`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.beginning import beginning
from cli.failing import refuse, told, warn
from cli.looking import looking
from cli.panels import Panels
from cli.typed import (
    AsJson,
    AsOption,
    Environment,
    OneStack,
    Stack,
    StackAsOption,
    console,
    said_once,
    show_json,
)
from tidegate.settings import Settings

app = typer.Typer(
    cls=Panels,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
edge = typer.Typer(no_args_is_help=True, help="The reverse proxy through which people come.")
app.add_typer(edge, name="edge")
audit = typer.Typer(no_args_is_help=True, help="The audit trail.")
app.add_typer(audit, name="audit")
service = typer.Typer(no_args_is_help=True, help="Tidegate as a service of systemd.")
app.add_typer(service, name="service")
app.add_typer(beginning)
app.add_typer(looking)


VERSION = (
    "A tag, or a commit as sha-19b9b98; where nothing is built here, the tag of the image. "
    "`tidegate versions` lists them."
)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        print(version("tidegate"))
        raise typer.Exit


@app.callback()
def everywhere(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Which version this is.", is_eager=True, callback=_tell_version
        ),
    ] = False,
) -> None:
    """Take a version of a Docker application to production, and back."""


@app.command()
def run(
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay, for a service manager or a container.")
    ] = False,
) -> None:
    """Start the control plane in the background. Safe to run twice."""
    if foreground:
        from cli.foreground import stay

        return stay(Settings(), console())
    from cli.run import point_prefect_here
    from cli.run import run as start

    point_prefect_here(start(Settings(), console()))


@app.command()
def upgrade(
    saved: Annotated[
        bool,
        typer.Option("--saved", help="The ledger lies on a server, and you have saved it there."),
    ] = False,
) -> None:
    """Go on with the version that was just installed. Safe to run twice."""
    from cli.run import point_prefect_here
    from cli.upgrade import upgrade as start

    point_prefect_here(start(Settings(), console(), saved=saved))


@app.command()
def stop() -> None:
    """Stop exactly what `run` started; released applications keep running."""
    from cli.run import stop as end

    end(Settings(), console())


@edge.command()
def replace(
    accept_outage: Annotated[
        bool, typer.Option("--accept-outage", help="Where it cannot be done without one.")
    ] = False,
) -> None:
    """Put an edge with the settings and the image of now in its place; no request is lost."""
    from cli.control_plane import ControlPlane, with_prefect

    with_prefect(ControlPlane(Settings()).environment())
    from cli.edge import replace_edge

    replace_edge(Settings(), console(), accept_outage=accept_outage)


@app.command()
def login(
    show: Annotated[
        bool, typer.Option("--show", help="Print the line that the login page asks for.")
    ] = False,
) -> None:
    """How to enter the Prefect UI."""
    from cli.login import login as tell

    tell(Settings(), console(), show=show)


@app.command()
def release(
    stack: Stack,
    version: Annotated[str, typer.Argument(help=VERSION, metavar="VERSION")],
    environment: Environment = None,
    as_option: AsOption = None,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show what would change and stop there.")
    ] = False,
) -> None:
    """Release a version, and follow it to the end."""
    from cli.places import meant_environment
    from cli.release import release as start

    settings = Settings()
    place = meant_environment(settings, stack, said_once(environment, as_option))
    raise typer.Exit(start(settings, console, stack, version, place, plan_only=plan_only))


@app.command()
def rollback(
    stack: Stack,
    reason: Annotated[
        str, typer.Option(help="What is wrong; it stands in the notice to the team.")
    ],
    environment: Environment = None,
    as_option: AsOption = None,
    steps_back: Annotated[int, typer.Option(min=1, help="How many good versions back.")] = 1,
    to: Annotated[
        str | None, typer.Option(help="A version, deployment number or id instead of counting.")
    ] = None,
) -> None:
    """Put an earlier good version back, and follow it to the end."""
    from cli.places import meant_environment
    from cli.rollback import rollback as start

    settings = Settings()
    place = meant_environment(settings, stack, said_once(environment, as_option))
    raise typer.Exit(
        start(settings, console, stack, place, reason=reason, steps_back=steps_back, to=to)
    )


@app.command()
def adopt(
    stack: Stack,
    environment: Environment = None,
    as_option: AsOption = None,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show what was found and stop there.")
    ] = False,
) -> None:
    """Take over an application that runs by hand, with its data. Nothing is stopped."""
    from cli.adopt import adopt as start
    from cli.places import meant_environment

    settings = Settings()
    place = meant_environment(settings, stack, said_once(environment, as_option))
    raise typer.Exit(start(settings, console, stack, place, plan_only=plan_only))


@app.command()
def base(
    stack: Stack,
    environment: Environment = None,
    as_option: AsOption = None,
    reason: Annotated[
        str, typer.Option(help="Why they change; it stands in the notice to the team.")
    ] = "the compose files or their values say otherwise now",
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show what would change and stop there.")
    ] = False,
) -> None:
    """Make databases and other base services anew that run otherwise than the files say."""
    from cli.base import base as start
    from cli.places import meant_environment

    settings = Settings()
    place = meant_environment(settings, stack, said_once(environment, as_option))
    raise typer.Exit(start(settings, console, stack, place, reason=reason, plan_only=plan_only))


@app.command()
def status(stack: OneStack = None, as_option: StackAsOption = None, json: AsJson = False) -> None:
    """What runs where: the edge's answer beside the ledger's."""
    from cli.shown import data
    from cli.status import rows, warnings
    from cli.status_table import base_notes, called_notes, table

    found = rows(Settings(), said_once(stack, as_option))
    show_json(found) if json else console().print(table(found))
    for sentence in [] if json else called_notes(found):
        console().print(data(sentence), soft_wrap=True)
    for sentence in (*base_notes(found), *warnings(Settings())):
        warn("[red]![/red]", sentence)


@app.command()
def history(
    stack: Stack,
    environment: Environment = None,
    as_option: AsOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    json: AsJson = False,
) -> None:
    """What was deployed, when, by whom, and how it ended."""
    from cli.history import rows, table
    from cli.places import meant_environment

    settings = Settings()
    place = meant_environment(settings, stack, said_once(environment, as_option))
    found = rows(settings, stack, place, limit)
    show_json(found) if json else console().print(table(found, stack, place))


@service.command()
def show() -> None:
    """Print the unit that `install` would write."""
    from cli.service import unit_text

    sys.stdout.write(unit_text(Settings()))


@service.command()
def install() -> None:
    """Start Tidegate now and at each boot: as root for the machine, else for you alone."""
    from cli.service import install as put

    put(Settings(), console())


@audit.command()
def verify(
    anchor: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER:HASH", help="One that you have kept elsewhere."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Does the ledger still say what was written into it? Exit code 1 when something differs."""
    from cli.audit import as_json, lines, report

    found = report(Settings(), anchor or [])
    if json:
        show_json(as_json(found))
    else:
        console().print("\n".join(lines(found)), soft_wrap=True)
    raise typer.Exit(0 if found.is_whole else 1)


@app.command()
def demo(
    fresh: Annotated[bool, typer.Option(help="Forget the demo's earlier releases first.")] = True,
) -> None:
    """Release v1.0.0 and then v1.1.0 of the example application to production."""
    from cli.demo import demo as show

    raise typer.Exit(show(Settings(), console(), fresh=fresh))


def main() -> None:
    """Every error is one clear text, not a traceback."""
    try:
        app()
    except Exception as error:  # a fault that we should have foreseen is still one sentence
        refuse(told(error))
