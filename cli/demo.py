"""`tidegate demo`: two releases of the example application to production, under steady traffic."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from cli.control_plane import ControlPlane, with_prefect
from cli.demo_tables import stages_table, traffic_table
from cli.demo_traffic import SteadyClient
from cli.run import point_prefect_here, run
from cli.shown import data
from tidegate.errors import InputError
from tidegate.ledger.ledger import Ledger
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack, find_stack

STACK = "cloudlens"
EXAMPLE = "../../.tidegate/demo/cloudlens"
"""The repository that `make setup` made, as the example's stack file names it."""
WATCH_SECONDS = {"v1.0.0": 3, "v1.1.0": 10}
"""A first version has nothing to go back to, so there is less to watch for."""


def demo(settings: Settings, console: Console, *, fresh: bool) -> int:
    """0 when both versions reached production and no client lost a request."""
    begun = time.monotonic()
    refuse_elsewhere(settings)
    with_prefect(ControlPlane(settings).environment())
    if fresh:
        from cli.demo_reset import reset  # Prefect reads its settings when it is imported

        reset(settings, console, find_stack(settings.stacks, STACK))
    plane = run(settings, console)
    point_prefect_here(plane)
    with ExitStack() as running:
        clients = [running.enter_context(client) for client in _clients(settings)]
        good = all([_release(settings, plane, console, version) for version in WATCH_SECONDS])
    console.print(traffic_table(clients))
    for client in clients:
        for fault in (*client.faults, *client.long_faults[:5]):
            console.print(data(f"lost on {client.environment}: {fault}", "red"))
    good = good and all(client.lost == 0 for client in clients)
    from cli.status import rows
    from cli.status_table import table

    console.print(table(rows(settings, STACK)))
    console.print(
        f"{'[green]Done[/green]' if good else '[red]FAILED[/red]'} "
        f"in {time.monotonic() - begun:.0f} s."
    )
    console.print(
        f"Prefect UI: [bold]{plane.ui_url}[/bold]   CloudLens: "
        f"http://cloudlens.localhost:{settings.edge_port}"
    )
    return 0 if good else 1


def refuse_elsewhere(settings: Settings) -> None:
    """The demo removes what it finds of its stack, and a team may have one of that name.

    Raises InputError.
    """
    sources = {
        stack.name: stack.source and stack.source.repository
        for stack in every_stack(settings.stacks).good
    }
    if sources.get(STACK) != EXAMPLE:
        raise InputError(
            "running the demo",
            f"{settings.stacks} does not hold Tidegate's own example",
            "Nothing was changed. Run `make demo` in a clone of Tidegate",
        )


def _clients(settings: Settings) -> list[SteadyClient]:
    stack = find_stack(settings.stacks, STACK)
    url = f"http://127.0.0.1:{settings.edge_port}"
    return [
        SteadyClient(name, url, environment.domains[0])
        for name, environment in stack.environments.items()
    ]


def _release(settings: Settings, plane: ControlPlane, console: Console, version: str) -> bool:
    from cli.demo_run import DemoRun  # speaks to the Prefect API that `run` has just started

    stack = find_stack(settings.stacks, STACK)
    [production] = stack.productions
    console.rule(f"[bold]release {STACK} {version} to {production}[/bold]")
    released = DemoRun.start(f"release/{production}", STACK, version, WATCH_SECONDS[version])
    console.print(f"Run: {plane.ui_url}/runs/flow-run/{released.id}")
    if released.wait_until_suspended():
        if sys.stdin.isatty():
            console.print(
                "[bold]Waiting for your decision:[/bold] open the run above, sign in with what "
                f"`{Path(sys.argv[0])} login --show` prints, and click Resume."
            )
        else:
            console.print("No terminal: approving through the API, in the name of `demo`.")
            released.approve()
    state = released.wait_until_ended()
    console.print(stages_table(Ledger(settings.database_url), released.id, stack))
    if not state.is_completed():
        console.print(data(f"The run is {state.name}: {state.message}", "red"))
    return state.is_completed()
