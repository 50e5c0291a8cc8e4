"""DEPOT: a stack whose data are put back."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from blocks.backups.folder import BackupStore
from blocks.backups.manifest import digest_of
from blocks.backups.volumes import stands_beside
from tasks.data.databases import owned
from tasks.frame.environments import open_environment
from tests import images
from tests.e2e.in_process import engine, release_here
from tests.e2e.places import folder_of
from tests.e2e.releases import start, suspended
from tests.in_container import printed_in
from tests.installation import DEPOT, Installation
from tidegate.facts import Backup
from tidegate.ledger.tables import Deployment


def media(tidegate: Installation) -> Path:
    return folder_of(tidegate, DEPOT) / "media"


def in_uploads(tidegate: Installation, command: str) -> str:
    """What a shell prints that sees the volume, and that nobody else starts."""
    mounted = {f"{DEPOT}-prod_uploads": "/srv/uploads"}
    return printed_in(engine(tidegate), images.BASE, "sh", "-c", command, volumes=mounted)


def good(version: str) -> None:
    state = release_here(DEPOT, version)
    assert state.is_completed(), state.message


def newest(tidegate: Installation) -> Deployment:
    return tidegate.history(DEPOT)[0]


def database(tidegate: Installation) -> Any:
    env = open_environment(DEPOT, "prod", tidegate.settings)
    return owned(env, env.stack.databases[0])


def sql(tidegate: Installation, text: str) -> None:
    database(tidegate).restore(io.BytesIO(text.encode()))


def rows(tidegate: Installation, query: str) -> list[list[str]]:
    answer: list[list[str]] = database(tidegate).query("asking", query)
    return answer


def asked(**parameters: str) -> UUID:
    run = start("restore/prod", stack=DEPOT, reason="备注丢失了", requested_by="mei", **parameters)
    suspended(run)
    return run


def backup_folder(tidegate: Installation) -> Path:
    saved = tidegate.ledger.backups.newest_verified(DEPOT, "prod")
    assert saved is not None
    return Path(saved.path)


def backup_of(tidegate: Installation, deployment: Deployment) -> str:
    """The one that it made."""
    return next(
        one.id
        for one in tidegate.ledger.backups.verified(DEPOT, "prod")
        if one.deployment_id == deployment.id
    )


@contextlib.contextmanager
def swapped(folder: Path) -> Iterator[None]:
    """Another backup lies where the backup was, whole in itself, until the block ends."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    other = BackupStore(folder.parent)
    part = other.write(
        folder.name, "main.sql.gz", lambda into: into.write(b"DROP TABLE bills;\n-- Dump completed")
    )
    made = Backup(
        folder.name,
        str(folder),
        part.size,
        digest_of([part]),
        None,
        {},
        1,
        1,
        datetime.now(UTC),
        datetime.now(UTC),
    )
    other.seal(made, [part])
    try:
        yield
    finally:
        shutil.rmtree(folder)
        aside.rename(folder)


@contextlib.contextmanager
def databases_that_nobody_makes(tidegate: Installation) -> Iterator[None]:
    """What is in the databases can be read and written all the while."""
    server = engine(tidegate).client.containers.get(f"{DEPOT}-mysql-prod")
    assert server.exec_run(["chmod", "a-w", "/var/lib/mysql"], user="0").exit_code == 0
    try:
        yield
    finally:
        server.exec_run(["chmod", "u+w", "/var/lib/mysql"], user="0")


def left_beside(tidegate: Installation) -> list[str]:
    databases = [name for [name] in rows(tidegate, "SHOW DATABASES") if "tidegate" in name]
    beside = [str(media(tidegate))] if stands_beside(engine(tidegate), str(media(tidegate))) else []
    return (
        databases
        + beside
        + [
            one.name
            for one in engine(tidegate).client.volumes.list()
            if one.name.endswith("-tidegate-new") and one.name.startswith(f"{DEPOT}-")
        ]
    )
