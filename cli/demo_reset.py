"""Begin the demo anew. Only the example stack's own containers, volumes, routes and ledger rows go;
nothing else is touched."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from sqlalchemy import create_engine, text

from blocks.docker.forgetting import forget_environment
from blocks.docker.host import DockerHost
from blocks.edges.traefik.folder import EdgeFolder
from cli.control_plane import ControlPlane
from tidegate.errors import InputError
from tidegate.ledger import anchors
from tidegate.settings import Settings
from tidegate.stack.file import Stack


def reset(settings: Settings, console: Console, stack: Stack) -> None:
    """Take away what earlier demos left. Raises InputError when the ledger holds other stacks'
    releases too."""
    ledger = Path(settings.database_url.removeprefix("sqlite:///"))
    _refuse_others(settings, ledger, stack.name)
    ControlPlane(settings).stop()
    for environment in stack.environments:
        forget_environment(DockerHost(), stack.name, environment)
    shutil.rmtree(settings.home / "backups" / stack.name, ignore_errors=True)
    for environment in stack.environments:
        EdgeFolder(settings.home / "edge").remove(f"{stack.name}_{environment}.yml")
    if ledger.exists():
        kept = ledger.with_name(f"ledger-before-{datetime.now(UTC):%Y%m%dT%H%M%S}.db")
        ledger.rename(kept)
        # the next ledger's trail begins anew
        (settings.home / anchors.FILE).unlink(missing_ok=True)
        console.print(f"The ledger of the earlier demo is kept as {kept.name}.")


def _refuse_others(settings: Settings, ledger: Path, stack: str) -> None:
    if not ledger.exists():
        return
    engine = create_engine(settings.database_url)
    with engine.connect() as connection:
        others = connection.execute(
            text("SELECT DISTINCT stack FROM deployments WHERE stack != :stack"), {"stack": stack}
        )
        names = [row[0] for row in others]
    engine.dispose()
    if names:
        raise InputError(
            "beginning the demo anew",
            f"the ledger holds releases of {', '.join(names)}",
            "Run the demo with a TIDEGATE_HOME of its own",
        )
