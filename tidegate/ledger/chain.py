"""The hash chain of audit entries: each holds the SHA-256 of its own content and of everything before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tidegate.ledger.tables import AuditEntry

GENESIS = "0" * 64


def canonical(value: object) -> str:
    """One text per JSON value, whatever the order of its keys. Raises ValueError, TypeError for what is not JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def last(session: Session) -> AuditEntry | None:
    return session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).first()


def link(previous: AuditEntry | None, at: datetime, actor: str, action: str, subject: str,
         details: Mapping[str, Any]) -> AuditEntry:
    """The entry that follows `previous`."""
    entry = AuditEntry(sequence=previous.sequence + 1 if previous else 1, at=at, actor=actor, action=action,
                       subject=subject, details=dict(details), previous_hash=previous.hash if previous else GENESIS)
    entry.hash = hash_of(entry)
    return entry


def hash_of(entry: AuditEntry) -> str:
    return digest([entry.sequence, entry.at.astimezone(UTC).isoformat(), entry.actor, entry.action, entry.subject,
                   entry.details, entry.previous_hash])


def first_broken(entries: Iterable[AuditEntry]) -> int | None:
    """The sequence at which the chain, given in order, stops being what was written; None when it is whole.

    A removed end cannot be seen from the chain alone: compare the last hash with one that was published elsewhere.
    """
    expected, before = 1, GENESIS
    for entry in entries:
        if (entry.sequence, entry.previous_hash, entry.hash) != (expected, before, hash_of(entry)):
            return expected
        expected, before = expected + 1, entry.hash
    return None
