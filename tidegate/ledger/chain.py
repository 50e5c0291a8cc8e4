"""The hash chain of audit entries: each holds the SHA-256 of its own content and of everything
before it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tidegate.ledger.row_facts import Facts, as_json, canonical
from tidegate.ledger.tables import AuditEntry

GENESIS = "0" * 64
_NEWEST = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)
"""Made once: every write asks it."""


def digest(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def last(session: Session) -> AuditEntry | None:
    return session.scalars(_NEWEST).first()


def link(
    previous: AuditEntry | None,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    details: Mapping[str, Any],
    rows: Mapping[str, Facts],
) -> AuditEntry:
    """The entry that follows `previous`. `rows` is what the write has left in the tables."""
    entry = AuditEntry(
        sequence=previous.sequence + 1 if previous else 1,
        at=at,
        actor=actor,
        action=action,
        subject=subject,
        details=as_json(dict(details)),
        rows=dict(rows),
        previous_hash=previous.hash if previous else GENESIS,
    )
    entry.hash = hash_of(entry)
    return entry


def hash_of(entry: AuditEntry) -> str:
    """Version 0.1 knew no `rows`: an entry without them hashes as it did then."""
    content = [
        entry.sequence,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor,
        entry.action,
        entry.subject,
        entry.details,
        entry.previous_hash,
    ]
    return digest(content if entry.rows is None else [*content, entry.rows])
