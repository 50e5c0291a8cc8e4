"""`tidegate run` and `tidegate stop`."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cli.control_plane import ControlPlane, with_prefect
from cli.prefect_profile import write_profile
from cli.processes import one_at_a_time
from cli.shown import data
from tidegate.errors import InputError
from tidegate.ledger import schema, upgrading
from tidegate.ledger.ledger import Ledger
from tidegate.secrecy.kept import narrow_files, private_folder, private_umask
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack
from tidegate.stack.folder import find_folder

IMAGES_FILE = "images.env"
UNREAD = (
    "Until then nothing of this stack is released, and what Tidegate 0.1 deployed of it, "
    "which kept no copy of the file, is neither watched nor rolled back"
)


def run(settings: Settings, console: Console) -> ControlPlane:
    """Server, ledger, blocks, edge, deployments, worker: each only if it is not there yet. All that
    is made is private."""
    plane = ControlPlane(settings)
    with one_at_a_time(plane.folder):
        start_missing(plane, console)
    return plane


def start_missing(plane: ControlPlane, console: Console, *, saved: bool = False) -> None:
    """What `run` does, where nobody else works on it. `saved`: a person has saved a ledger that
    lies on a server."""
    settings = plane.settings
    name_faulty_stacks(settings, console)
    plane.refuse_taken_ports()
    with private_umask():
        settings.make_secrets()
        make_home_private(settings)
        bring_ledger_up(plane, console, saved=saved)
        _start(plane, console)
        write_profile(plane.profiles, plane.api_url, settings.api_auth())
    console.print(
        f"\nOpen [bold]{plane.ui_url}[/bold]; `tidegate login` says how to sign in. "
        "Stop with `tidegate stop`; everything is kept."
    )


def _start(plane: ControlPlane, console: Console) -> None:
    settings = plane.settings
    with_prefect(plane.environment())
    # Prefect reads its settings when it is imported
    from cli.automations import recover_soon, register_automations
    from cli.edge import edge_of, local_host, open_names, register_blocks, start_edge
    from cli.late_runs import end_lost_runs, forget_late_runs
    from control.work_pool import make_work_pool

    addresses = start_edge(settings)
    _step(console, "edge", addresses.public_url)
    if addresses.outdated:
        console.print(
            "  [yellow]![/yellow] The edge goes on as it is, with other settings or another "
            "image than it would get now. `tidegate edge replace` replaces "
            "it without a lost request."
        )
    for fault in open_names(
        local_host(settings), edge_of(settings, addresses), Ledger(settings.database_url)
    ):
        console.print(f"  [yellow]![/yellow] {escape(fault)}")
    plane.start_server()
    _step(console, "Prefect server", plane.ui_url)
    make_work_pool(plane.api_url, plane.secret)
    forget_late_runs(plane)
    end_lost_runs(plane)
    with ThreadPoolExecutor(1) as beside:  # Prefect's command line takes seconds to import
        deployments = beside.submit(plane.register_deployments)
        register_blocks(settings, addresses)
        plane.start_worker()
        deployments.result()
    register_automations(settings.lock_ttl_seconds)
    recover_soon(settings.lock_ttl_seconds)
    _step(console, "worker and deployments", "ready")
    plane.start_receiver()
    _step(
        console,
        "alert receiver",
        f"{plane.receiver_url}/alertmanager, token in {settings.receiver_token_file}",
    )


def bring_ledger_up(plane: ControlPlane, console: Console, *, saved: bool) -> None:
    """Have a ledger of this version. One of an older version is saved first; `saved` says that a
    person did.

    Raises LedgerError for one of a newer version, InputError where processes of the older one run.
    """
    settings, kept = plane.settings, None
    if upgrading.is_due(settings.database_url):
        _refuse_while_running(plane)
        upgrading.refuse_unsaved(settings.database_url, saved=saved)
        kept = upgrading.save(settings.database_url, settings.home, datetime.now(UTC))
    schema.upgrade(settings.database_url)
    _step(console, "ledger", f"upgraded; as it was before: {kept}" if kept else "")


def _refuse_while_running(plane: ControlPlane) -> None:
    running = [process.name for process in plane.processes if process.pid() is not None]
    if running:
        raise InputError(
            "upgrading the ledger",
            f"{', '.join(running)} of the version before is running",
            "`tidegate upgrade` stops them first",
        )


def name_faulty_stacks(settings: Settings, console: Console) -> None:
    """A newer version may refuse what an older one read. Said before it starts; it stops no other
    stack."""
    for fault in every_stack(settings.stacks).faulty:
        console.print("  [yellow]![/yellow]", data(f"{fault.error}. {UNREAD}"), soft_wrap=True)


def make_home_private(settings: Settings) -> None:
    """Narrow what an earlier version left open. Below the home nobody else reaches anything,
    whatever its mode.

    Git looks past it: it lies in a team's repository, and secrets lie in it.
    """
    private_folder(settings.home)
    (settings.home / ".gitignore").write_text("*\n")
    for folder in ("", "prefect", "run", "logs"):
        narrow_files(settings.home / folder)


def point_prefect_here(plane: ControlPlane, folder: Path | None = None) -> None:
    """A plain `prefect deployment run ...` in `folder` (the team's) uses this installation's
    profiles.

    No secret is in that file. Where there is no folder, everything was told by the environment.
    """
    if folder := folder or find_folder():
        line = f"profiles_path = {json.dumps(str(plane.profiles.resolve()))}\n"
        (folder / "prefect.toml").write_text(line)


def stop(settings: Settings, console: Console) -> None:
    """Server, worker and receiver, each by its id. Slots and databases of released applications are
    not touched."""
    plane = ControlPlane(settings)
    with one_at_a_time(plane.folder):
        stopped = plane.stop()
    console.print(
        f"Stopped: {', '.join(stopped)}. The edge and the released applications keep serving."
        if stopped
        else "Nothing of this folder's control plane was running."
    )


def images(home: Path) -> dict[str, str]:
    """The image names that `make setup` chose, in a clone."""
    from dotenv import dotenv_values

    return {key: value for key, value in dotenv_values(home / IMAGES_FILE).items() if value}


def _step(console: Console, name: str, result: object) -> None:
    console.print(f"  [green]✓[/green] {name}" + (f"  [dim]{result}[/dim]" if result else ""))
