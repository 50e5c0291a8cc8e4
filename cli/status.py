"""`tidegate status`: what runs where, from reality and ledger together."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from blocks.docker_host import DockerHost
from tidegate.errors import TidegateError
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
    for heading in ("Stack", "Environment", "Version", "#", "State", "Since (UTC)", "Edge sends to", "Containers"):
        shown.add_column(heading)
    for row in found:
        edge = "—" if row["edge"] is None else f"#{row['edge']}"
        shown.add_row(row["stack"], row["environment"], row["version"] or "—", str(row["number"] or "—"),
                      row["state"] or "—", row["since"] or "—", edge if row["agrees"] else f"[red]{edge} ≠ ledger[/red]",
                      row["containers"])
    return shown


def _row(settings: Settings, ledger: Ledger, stack: Stack, environment: str) -> Row:
    now = ledger.deployments.current(stack.name, environment)
    edge = _edge(settings, stack, environment)
    number = now.number if now else None
    return {
        "stack": stack.name, "environment": environment, "version": now.version if now else None, "number": number,
        "state": now.state.value if now else None, "commit": now.release.commit if now else None,
        "since": f"{now.switched_at:%Y-%m-%d %H:%M}" if now and now.switched_at else None,
        "edge": edge, "agrees": edge == number, "containers": _containers(now.slot) if now else "—"}


def _edge(settings: Settings, stack: Stack, environment: str) -> int | None:
    from blocks.traefik import TraefikEdge

    edge = TraefikEdge(config_directory=settings.home / "edge", public_url=f"http://127.0.0.1:{settings.edge_port}",
                       check_url=f"http://127.0.0.1:{settings.edge_check_port}")
    try:
        return edge.serving(next(e for name, e in stack.environments.items() if name == environment).domains[0])
    except TidegateError:
        return None


def _containers(project: str) -> str:
    try:
        found = DockerHost().containers({"com.docker.compose.project": project})
    except TidegateError as error:
        return f"unknown: {error.came_back}"
    return ", ".join(f"{one.name} {one.state}" + (f" ({one.health})" if one.health != "none" else "") for one in found) or "none"


