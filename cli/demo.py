"""`tidegate demo`: two releases of the example application to production, under steady traffic."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from cli.control_plane import ControlPlane
from cli.demo_reset import reset
from cli.run import run
from tidegate.facts import TrafficFigures
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment, Step
from tidegate.settings import Settings

STACK = "cloudlens"
VERSIONS = ("v1.0.0", "v1.1.0")
CLIENT_PER_SECOND = 50
LONG_REQUEST = "/slow?seconds=20"
WATCH_SECONDS = 25


@dataclass(frozen=True)
class Client:
    """What one steady client saw of an environment during one release."""

    environment: str
    figures: TrafficFigures
    long_request: str


def demo(settings: Settings, console: Console, *, fresh: bool) -> int:
    """0 when both versions reached production and no client lost a request."""
    begun = time.monotonic()
    if fresh:
        reset(settings, console, STACK)
    plane = run(settings, console)
    good = all([_release(settings, plane, console, version) for version in VERSIONS])
    from cli.status import rows, table

    console.print(table(rows(settings, STACK)))
    console.print(f"{'Done' if good else 'FAILED'} in {time.monotonic() - begun:.0f} s. Prefect UI: [bold]{plane.ui_url}[/bold] "
                  f"· CloudLens: http://cloudlens.localhost:{settings.edge_port}")
    return 0 if good else 1


def _release(settings: Settings, plane: ControlPlane, console: Console, version: str) -> bool:
    from cli.demo_run import DemoRun

    console.rule(f"[bold]release {STACK} {version} to prod[/bold]")
    with ExitStack() as stack:
        clients = _clients(settings, stack)
        run_ = DemoRun.start(STACK, version, WATCH_SECONDS)
        console.print(f"run: {plane.ui_url}/runs/flow-run/{run_.id}")
        run_.wait_until_suspended()
        if sys.stdin.isatty():
            console.print("[bold]Waiting for your decision:[/bold] open the run above and click Resume.")
        else:
            console.print("No terminal: approving through the API, in the name of `demo`.")
            run_.approve()
        state = run_.wait_until_ended()
    seen = [client() for client in clients]
    console.print(_stages(settings, run_.id))
    console.print(_traffic(seen))
    if not state.is_completed():
        console.print(f"[red]The run is {state.name}: {state.message}[/red]")
    return state.is_completed() and all(c.figures.failed == 0 and c.long_request in ("ok", "none") for c in seen)
