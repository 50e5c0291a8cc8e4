"""`tidegate status`: what runs where, from reality and ledger together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from blocks.docker_host import DockerHost
from blocks.edge_folder import EdgeFolder
from cli.shown import data, line
from tidegate.catalogue import every_stack
from tidegate.doors import doors_of_routes, shared_doors
from tidegate.each import each
from tidegate.errors import TidegateError
from tidegate.facts import ContainerFacts, Served
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment
from tidegate.settings import Settings
from tidegate.stackfile import Stack

Row = dict[str, Any]
MOST_AT_ONCE = 8


def rows(settings: Settings, only: str | None) -> list[Row]:
    """One row per stack and environment: the ledger's word, the edge's answer, and whether they agree.

    What cannot be read has a row of its own that says why, and so has what the ledger knows and no stack file names.
    """
    ledger, stacks = Ledger(settings.database_url), every_stack(settings.stacks)
    wanted = [stacks.find(only)] if only else list(stacks.good)
    places = {f"{stack.name} {name}": (stack, name) for stack in wanted for name in stack.environments}
    seen = each(places, lambda place: _row(settings, ledger, *place), "looking at", at_once=MOST_AT_ONCE)
    unseen = [_faulty(places[one.name][0].name, places[one.name][1], str(one.error)) for one in seen.faulty]
    unread = [_faulty(one.name, None, str(one.error)) for one in stacks.faulty]
    return [*seen.good.values(), *unseen, *([] if only else [*unread, *_strange(ledger, places)])]


def warnings(settings: Settings) -> list[str]:
    """What is wrong with the edge's folder, and host names that have two owners there."""
    routes = EdgeFolder(settings.home / "edge").routes()
    return [*routes.faulty, *shared_doors(doors_of_routes(routes.good))]


def table(found: list[Row]) -> Table:
    shown = Table(title="What runs where")
    for heading in ("Stack", "Environment", "Version", "State", "Since", "Edge sends to", "Containers"):
        shown.add_column(heading, no_wrap=heading == "Since")
    for row in found:
        version = f"{row['version']} (#{row['number']})" if row["version"] else "" if row["fault"] else "nothing yet"
        state = data(row["fault"], "red") if row["fault"] else row["state"] or ""
        seen = ("", "", "") if row["fault"] else (_since(row), _sent_to(row), data("\n".join(row["containers"])))
        shown.add_row(line(row["stack"]), row["environment"] or "", line(version), state, *seen)
    return shown


def _faulty(stack: str, environment: str | None, fault: str, now: Deployment | None = None) -> Row:
    """What could not be looked at, with what the ledger still says of it."""
    known = {"version": now.version, "number": now.number, "state": now.state.value, "commit": now.release.commit} if now else {}
    return {**dict.fromkeys(("version", "number", "state", "commit", "since", "edge")), **known, "stack": stack, "fault": fault,
            "environment": environment, "time_zone": "UTC", "agrees": False, "containers": []}


def _strange(ledger: Ledger, known: Collection[str]) -> Iterator[Row]:
    """A folder was renamed, or an environment taken out of its stack file, while something was deployed there."""
    for stack, environment in ledger.deployments.places():
        now = ledger.deployments.current(stack, environment)
        if now is not None and f"{stack} {environment}" not in known:
            yield _faulty(stack, environment, "it serves, and no stack file that can be read names it", now)


def _since(row: Row) -> str:
    """In the stack's own time zone."""
    if row["since"] is None:
        return ""
    return f"{datetime.fromisoformat(row['since']).astimezone(ZoneInfo(row['time_zone'])):%b %d %H:%M %Z}"


def _sent_to(row: Row) -> str:
    edge = row["edge"] or "nobody"
    shown = edge.replace(f"{row['stack']}/{row['environment']}/", "#")   # somebody else's is shown with its whole name
    return f"[green]{shown}[/green]" if row["agrees"] else f"[red]{shown}, not #{row['number'] or 'nobody'}[/red]"


def _row(settings: Settings, ledger: Ledger, stack: Stack, environment: str) -> Row:
    now = ledger.deployments.current(stack.name, environment)
    edge = _edge(settings, stack, environment)
    number = now.number if now else None
    meant = Served(stack.name, environment, number) if number else None
    return {
        "stack": stack.name, "environment": environment, "version": now.version if now else None, "number": number,
        "state": now.state.value if now else None, "commit": now.release.commit if now else None,
        "since": now.switched_at.isoformat() if now and now.switched_at else None, "time_zone": stack.time_zone,
        "edge": str(edge) if edge else None, "agrees": edge == meant, "containers": _containers(now.slot) if now else [],
        "fault": None}


def _edge(settings: Settings, stack: Stack, environment: str) -> Served | None:
    from blocks.traefik import TraefikEdge

    edge = TraefikEdge(config_directory=settings.home / "edge", public_url=f"http://127.0.0.1:{settings.edge_port}",
                       check_url=f"http://127.0.0.1:{settings.edge_check_port}")
    try:
        return edge.serving(next(e for name, e in stack.environments.items() if name == environment).domains[0])
    except TidegateError:
        return None


def _containers(project: str) -> list[str]:
    """A sentence for each."""
    try:
        found = DockerHost().containers({"com.docker.compose.project": project})
    except TidegateError as error:
        return [f"unknown: {error.came_back}"]
    number = project.rsplit("-", 1)[-1]   # each slot's services end in it
    return [f"{one.service.removesuffix(f'-{number}')} {_health(one)}" for one in found] or ["none"]


def _health(one: ContainerFacts) -> str:
    return one.health if one.state == "running" and one.health != "none" else one.state

