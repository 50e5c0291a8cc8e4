"""Ledgers for people who edit them: a row in every table, and one that version 0.1 has written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Column

from tests.unit.ledger_parts import START, Clock, deploy, open_ledger
from tidegate.facts import Backup
from tidegate.ledger import Ledger, schema
from tidegate.ledger.anchors import Anchor
from tidegate.ledger.chain import hash_of

OLD_LEDGER = Path(__file__).parents[1] / "unit" / "ledger_0_1.sql"  # written by version 0.1 itself
TRIGGERS = ("DROP TRIGGER audit_refuses_update", "DROP TRIGGER audit_refuses_delete")


@cache
def filled() -> bytes:
    """A row in every table; made once, because a copy costs next to nothing."""
    with TemporaryDirectory() as folder:
        clock = Clock()
        with open_ledger(Path(folder), clock) as ledger:
            fill(ledger, clock)
        return Path(folder, "ledger.db").read_bytes()


@cache
def upgraded() -> bytes:
    """What version 0.1 left, brought to this version's schema."""
    with TemporaryDirectory() as folder:
        with closing(sqlite3.connect(Path(folder, "ledger.db"))) as connection:
            connection.executescript(OLD_LEDGER.read_text(encoding="utf-8"))
        schema.upgrade(f"sqlite:///{folder}/ledger.db")
        return Path(folder, "ledger.db").read_bytes()


def opened(folder: Path, content: bytes) -> Iterator[Ledger]:
    (folder / "ledger.db").write_bytes(content)
    ledger = Ledger(f"sqlite:///{folder}/ledger.db")
    yield ledger
    ledger.close()


def fill(ledger: Ledger, clock: Clock) -> None:
    deployment = deploy(ledger)
    lock = ledger.locks.acquire("cloudlens", "prod", owner=deployment.key, ttl_seconds=30)
    step = ledger.journal.begin(deployment.id, "back-up", {"version": "v1"}, lock.fence)
    ledger.journal.done(step.key, {"rows": list(range(200))})
    ledger.approvals.record(
        deployment_id=deployment.id,
        plan_hash="5f" * 32,
        decision="approved",
        approver="Ann",
        reason="works on staging",
        expires_at=START + timedelta(hours=8),
        checklist={"tried": True},
    )
    ledger.backups.record(
        Backup(
            "b1",
            "/backups/b1",
            5_000_000_000,
            "ab" * 32,
            "0002",
            {"main.bills": 3},
            1,
            2.5,
            START,
            START,
        ),
        stack="cloudlens",
        environment="prod",
        deployment_id=deployment.id,
    )
    ledger.holds.place(
        stack="cloudlens", version="v0", commit="9" * 40, reason="empty orders", placed_by="Mei"
    )
    incident, _ = ledger.incidents.open(
        stack="cloudlens", environment="prod", signal="watch/1", severity="red"
    )
    ledger.incidents.decide(incident.id, "tell: slow", stays_open=False)
    ledger.messages.begin(
        key="prod/cloudlens/1/tell-team",
        kind="released",
        channel="team",
        deployment_id=deployment.id,
    )
    ledger.messages.sent("prod/cloudlens/1/tell-team")
    clock.tick(5)
    ledger.locks.heartbeat(lock)


def edit(folder: Path, *statements: str) -> None:
    """As a person with the file would: the triggers go first."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection, connection:
        for statement in (*TRIGGERS, *statements):
            assert connection.execute(statement).rowcount != 0


def copied(column: Column[Any]) -> str:
    """Its value in a second row: another one where it must be unique."""
    if column.name == "number":
        return "number + 7"
    return f'"{column.name}"' + (" || '-copy'" if column.unique or column.primary_key else "")


def found(ledger: Ledger, *anchors: Anchor) -> dict[str, tuple[str | None, str | None]]:
    return {one.where: (one.trail, one.table) for one in ledger.audit.verify(anchors).findings}


def rehash(folder: Path, ledger: Ledger, first: int) -> None:
    """All entries from `first` on, as somebody would who has read our source."""
    entries = ledger.audit.entries(after=first - 2)
    for before, entry in pairwise(entries):
        entry.previous_hash = before.hash
        entry.hash = hash_of(entry)
        with closing(sqlite3.connect(folder / "ledger.db")) as connection, connection:
            connection.execute(
                "UPDATE audit SET previous_hash = ?, hash = ? WHERE sequence = ?",
                (entry.previous_hash, entry.hash, entry.sequence),
            )
