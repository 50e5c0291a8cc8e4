"""What the audit trail keeps of the rows that a write has changed, as texts that can be compared
later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, Double, event, inspect
from sqlalchemy.orm import Session, class_mapper

from tidegate.ledger.columns import Base
from tidegate.ledger.tables import AuditEntry

Facts = dict[str, str]
"""Column -> what it held, as `sealed` writes it."""
LONGEST_TEXT = 200
NOT_KEPT = {("locks", "heartbeat_at")}
"""Written every few seconds without an entry: it says nothing about an environment."""
CHAINED = {
    name: table for name, table in Base.metadata.tables.items() if name != AuditEntry.__tablename__
}
"""Every table but the trail itself."""


def canonical(value: object) -> str:
    """One text per JSON value, whatever the order of its keys. Raises ValueError, TypeError for
    what is not JSON."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def as_json(value: Any) -> Any:
    """The value as a database gives it back: keys are texts, tuples are lists."""
    return json.loads(canonical(value))


def sealed(column: Column[Any], value: object) -> str:
    """The value as JSON; of a long one only its SHA-256. JSON never begins with `#`, so neither
    passes for the other."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    elif isinstance(value, Enum):
        value = value.value
    elif isinstance(column.type, Double) and isinstance(value, int):
        value = float(value)
    text = canonical(as_json(value))
    return text if len(text) <= LONGEST_TEXT else f"#sha256 {sha256(text.encode()).hexdigest()}"


def row_name(table: str, key: tuple[Any, ...]) -> str:
    """`approvals/5f3a...`, `locks/cloudlens/prod`."""
    return "/".join((table, *map(str, key)))


def watch(session: Session) -> Mapping[str, Facts]:
    """A table of every row that the session changes from now on, filled at each flush."""
    changed: dict[str, Facts] = {}

    def note(flushed: Session, _context: object) -> None:
        for row in (*flushed.new, *flushed.dirty):
            if not isinstance(row, AuditEntry) and (
                facts := _changed_facts(row, is_new=row in flushed.new)
            ):
                changed.setdefault(_name_of(row), {}).update(facts)

    event.listen(session, "after_flush", note)
    return changed


def _name_of(row: Base) -> str:
    return row_name(
        row.__tablename__, tuple(class_mapper(type(row)).primary_key_from_instance(row))
    )


def _changed_facts(row: Base, *, is_new: bool) -> Facts:
    """All columns of a new row, the changed ones of a known row."""
    state = inspect(row, raiseerr=True)
    return {
        name: sealed(column, state.dict.get(name))
        for name, column in CHAINED[row.__tablename__].columns.items()
        if (row.__tablename__, name) not in NOT_KEPT
        and (is_new or state.attrs[name].history.has_changes())
    }
