"""`tidegate upgrade`: after a newer version was installed. Nothing is begun that cannot be
ended."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from cli.control_plane import ControlPlane
from cli.processes import one_at_a_time
from cli.run import start_missing
from tidegate.errors import InputError
from tidegate.ledger import upgrading
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.locks import free_at
from tidegate.settings import Settings


def upgrade(settings: Settings, console: Console, *, saved: bool) -> ControlPlane:
    """Stop the old processes, save the ledger and bring it up, start the new ones, which register
    blocks and deployments.

    Raises LedgerError and InputError before anything is stopped.
    """
    if upgrading.is_due(settings.database_url):
        upgrading.refuse_unsaved(settings.database_url, saved=saved)
    refuse_busy(settings)
    plane = ControlPlane(settings)
    with one_at_a_time(plane.folder):
        if stopped := plane.stop():
            console.print(f"  [green]✓[/green] stopped  [dim]{', '.join(stopped)} of before[/dim]")
        start_missing(plane, console, saved=saved)
    return plane


def refuse_busy(settings: Settings) -> None:
    """Raises InputError while a run is changing an environment: its process would end in the
    middle.

    The table of locks is the same in every version since the first.
    """
    if upgrading.revision_of(settings.database_url) is None:
        return
    now = datetime.now(UTC)
    busy = [
        f"{lock.stack} {lock.environment}"
        for lock in Ledger(settings.database_url).locks.holders()
        if free_at(lock) > now
    ]
    if busy:
        raise InputError(
            "upgrading Tidegate",
            f"{', '.join(busy)} is being changed",
            "Nothing was stopped. Wait until `tidegate status` says how it ended",
        )
