"""`tidegate status`: what runs where, from reality and ledger together."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from blocks.docker_host import DockerHost
from tidegate.errors import TidegateError
from tidegate.facts import ContainerFacts
from tidegate.ledger.ledger import Ledger
from tidegate.settings import Settings
from tidegate.stackfile import Stack, find_stack, load_stack

Row = dict[str, Any]


def rows(settings: Settings, only: str | None) -> list[Row]:
    """One row per stack and environment: the ledger's word, the edge's answer, and whether they agree."""
    ledger = Ledger(settings.database_url)
    stacks = [find_stack(settings.stacks, only)] if only else [
        load_stack(file.parent) for file in sorted(settings.stacks.glob("*/stack.yaml"))]
    return [_row(settings, ledger, stack, name) for stack in stacks for name in stack.environments]


def table(found: list[Row]) -> Table:
    shown = Table(title="What runs where")
    for heading in ("Stack", "Environment", "Version", "State", "Since", "Edge sends to", "Containers"):
        shown.add_column(heading, no_wrap=heading == "Since")
    for row in found:
        version = f"{row['version']} (#{row['number']})" if row["version"] else "nothing yet"
        shown.add_row(row["stack"], row["environment"], version, row["state"] or "", _since(row), _sent_to(row),
                      escape("\n".join(row["containers"])))
    return shown


def _since(row: Row) -> str:
    """In the stack's own time zone."""
    if row["since"] is None:
        return ""
    return f"{datetime.fromisoformat(row['since']).astimezone(ZoneInfo(row['time_zone'])):%b %d %H:%M %Z}"


def _sent_to(row: Row) -> str:
    edge = "nobody" if row["edge"] is None else f"#{row['edge']}"
    return f"[green]{edge}[/green]" if row["agrees"] else f"[red]{edge}, not #{row['number'] or 'nobody'}[/red]"


def _row(settings: Settings, ledger: Ledger, stack: Stack, environment: str) -> Row:
    now = ledger.deployments.current(stack.name, environment)
    edge = _edge(settings, stack, environment)
    number = now.number if now else None
    return {
        "stack": stack.name, "environment": environment, "version": now.version if now else None, "number": number,
        "state": now.state.value if now else None, "commit": now.release.commit if now else None,
        "since": now.switched_at.isoformat() if now and now.switched_at else None, "time_zone": stack.time_zone,
        "edge": edge, "agrees": edge == number, "containers": _containers(now.slot) if now else []}


def _edge(settings: Settings, stack: Stack, environment: str) -> int | None:
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

