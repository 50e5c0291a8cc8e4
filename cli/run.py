"""`tidegate run` and `tidegate stop`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from cli.control_plane import ControlPlane, with_prefect
from tidegate.ledger.schema import upgrade
from tidegate.settings import ROOT, Settings

IMAGES_FILE = "images.env"


def run(settings: Settings, console: Console) -> ControlPlane:
    """Server, ledger, blocks, edge, deployments, worker: each only if it is not there yet."""
    plane = ControlPlane(settings)
    plane.refuse_taken_ports()
    upgrade(settings.database_url)
    _step(console, "ledger", "")
    with_prefect(plane.environment())
    from cli.automations import register_automations  # Prefect reads its settings when it is imported
    from cli.edge import register_blocks, start_edge
    from cli.late_runs import forget_late_runs
    from cli.work_pool import make_work_pool

    addresses = start_edge(settings)
    _step(console, "edge", addresses.public_url)
    plane.start_server()
    _step(console, "Prefect server", plane.ui_url)
    make_work_pool(f"{plane.ui_url}/api")
    forget_late_runs(f"{plane.ui_url}/api")
    with ThreadPoolExecutor(1) as beside:   # Prefect's command line takes seconds to import
        deployments = beside.submit(plane.register_deployments)
        register_blocks(settings, addresses)
        plane.start_worker()
        deployments.result()
    register_automations()
    _step(console, "worker and deployments", "ready")
    plane.start_receiver()
    _step(console, "alert receiver", f"{plane.receiver_url}/alertmanager, token in {settings.receiver_token_file}")
    console.print(f"\nOpen [bold]{plane.ui_url}[/bold]. Stop with `make stop`; everything is kept.")
    return plane


def point_prefect_here(plane: ControlPlane) -> None:
    """So that a plain `prefect deployment run ...` in this folder speaks to this server."""
    (ROOT / "prefect.toml").write_text(f'[api]\nurl = "{plane.ui_url}/api"\n')


def stop(settings: Settings, console: Console) -> None:
    """Server, worker and receiver, each by its id. Slots and databases of released applications are not touched."""
    stopped = ControlPlane(settings).stop()
    console.print(f"Stopped: {', '.join(stopped) or 'nothing was running'}. "
                  "The edge and the released applications keep serving.")


def images(home: Path) -> dict[str, str]:
    """The image names that `make setup` chose."""
    from dotenv import dotenv_values

    return {key: value for key, value in dotenv_values(home / IMAGES_FILE).items() if value}


def _step(console: Console, name: str, result: object) -> None:
    console.print(f"  [green]✓[/green] {name}" + (f"  [dim]{result}[/dim]" if result else ""))
