"""From the ledger of an older version to that of this one: what is refused, and what is saved
before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import make_url

from tidegate.errors import InputError, LedgerError
from tidegate.ledger import schema
from tidegate.ledger.store import ledger_errors, open_engine
from tidegate.secrecy.kept import private_umask

SAVED = "ledger-before-{revision}-{now:%Y%m%dT%H%M%S}.db"


def revision_of(url: str) -> str | None:
    """The revision of the schema that a ledger has. None where there is no ledger yet; makes
    none."""
    file = _file(url)
    if file is not None and not file.exists():
        return None
    with ledger_errors("reading the ledger's revision"):
        engine = open_engine(url)
        try:
            with engine.connect() as connection:
                return MigrationContext.configure(connection).get_current_revision()
        finally:
            engine.dispose()


def is_due(url: str) -> bool:
    """Whether there is a ledger, and an older version made it.

    Raises LedgerError where a newer one did: its rows may say what this version does not know.
    """
    revision = revision_of(url)
    if revision is not None and revision not in schema.revisions():
        raise LedgerError(
            "reading the ledger",
            f"a newer Tidegate has made it (revision {revision}, and this one "
            f"knows up to {schema.head()})",
            "Install that version again, or put the ledger back "
            "that it saved when it upgraded this one: `tidegate docs operations`, Upgrading",
        )
    return revision is not None and revision != schema.head()


def refuse_unsaved(url: str, *, saved: bool) -> None:
    """Only a file can be copied here. Raises InputError where somebody else has to save the
    ledger."""
    if _file(url) is None and not saved:
        raise InputError(
            "upgrading the ledger",
            "it lies on a server, which is not saved from here",
            "Save it with the server's own tool (`pg_dump`), then `tidegate upgrade --saved`",
        )


def save(url: str, folder: Path, now: datetime) -> Path | None:
    """Copy the ledger, whole even while somebody writes. Returns the copy, which only its owner
    reads.

    None where it is no file. Raises LedgerError, and leaves no half copy.
    """
    file = _file(url)
    if file is None:
        return None
    copy = folder / SAVED.format(revision=schema.head(), now=now)
    part = copy.with_suffix(".part")
    try:
        with (
            private_umask(),
            closing(sqlite3.connect(file)) as source,
            closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target)
            _refuse_damaged(target)
        part.rename(copy)
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(
            "saving the ledger before it is upgraded",
            str(error),
            f"Nothing was changed. Make room in {folder}, or mend the file",
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return copy


def _refuse_damaged(copy: sqlite3.Connection) -> None:
    [[said]] = copy.execute("PRAGMA integrity_check(1)").fetchall()
    if said != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged: {said}")


def _file(url: str) -> Path | None:
    parsed = make_url(url)
    return (
        Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
    )
