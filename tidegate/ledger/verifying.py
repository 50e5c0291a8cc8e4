"""The audit trail read from its first entry, and the tables compared with what it says. Nothing
here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Table

from tidegate.ledger.anchors import Anchor
from tidegate.ledger.chain import GENESIS, hash_of
from tidegate.ledger.old_entries import old_facts
from tidegate.ledger.raw_rows import Unreadable, raw_rows
from tidegate.ledger.row_facts import CHAINED, NOT_KEPT, Facts, row_name, sealed
from tidegate.ledger.tables import AuditEntry

TRAIL = "audit"


@dataclass(frozen=True)
class Finding:
    """One difference. Its text without the two values is fit for a message; the values may be
    anything."""

    where: str
    """`approvals/5f3a.approver`, `audit/17`."""
    what: str
    trail: str | None = None
    """What the trail says, as JSON."""
    table: str | None = None
    """What the table says, as JSON."""

    @property
    def text(self) -> str:
        """Without the values."""
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Report:
    """What was compared, and what differs."""

    entries: int
    newest: Anchor
    anchors: int
    rows: int
    partly_known: int
    """Rows that version 0.1 wrote and nobody changed since: the trail holds a part of their
    fields."""
    findings: tuple[Finding, ...]

    @property
    def is_whole(self) -> bool:
        return not self.findings


def verify(connection: Connection, anchors: Collection[Anchor], faults: Collection[str]) -> Report:
    """Everything that differs, the trail first. `faults` are those of the places where anchors are
    kept."""
    trail = _Trail(anchors)
    trail.findings += [Finding("anchors", fault) for fault in faults]
    for raw in raw_rows(connection, AuditEntry.__table__, "sequence"):
        trail.read(raw)
    trail.end()
    known = [
        trail.compare(table, raw)
        for table in CHAINED.values()
        for raw in raw_rows(connection, table, table.primary_key.columns.keys()[0])
    ]
    trail.refuse_missing()
    return Report(
        trail.entries,
        trail.newest,
        len(anchors),
        len(known),
        known.count("partly"),
        tuple(trail.findings),
    )


class _Trail:
    """What was read so far: where the chain stands, and what it says of each row."""

    def __init__(self, anchors: Collection[Anchor]) -> None:
        self.findings: list[Finding] = []
        self.entries, self.newest = 0, Anchor(0, GENESIS)
        # a later one of the same entry takes no earlier one away
        self._anchors = defaultdict[int, set[Anchor]](set)
        for anchor in anchors:
            self._anchors[anchor.sequence].add(anchor)
        self._said: dict[str, Facts] = {}
        self._by: dict[str, int] = {}

    def read(self, raw: Mapping[str, Any]) -> None:
        """Take the next entry. After a fault the reading goes on behind it, so that each fault is
        named."""
        self.entries += 1
        if faulty := [name for name, value in raw.items() if isinstance(value, Unreadable)]:
            self._fault(raw["sequence"], f"cannot be read: {', '.join(faulty)}")
            self.newest = Anchor(raw["sequence"], str(raw["hash"]))
            return
        entry = AuditEntry(**raw)
        self._check(entry)
        self._take(entry)
        self.newest = Anchor(entry.sequence, entry.hash)

    def end(self) -> None:
        """Anchors that no entry has met."""
        for sequence, published in self._anchors.items():
            self._fault(
                sequence,
                f"is gone: the trail ends at {self.newest.sequence}, and this entry was published "
                f"with the hash {_shown(published)}",
            )

    def compare(self, table: Table, raw: Mapping[str, Any]) -> Literal["wholly", "partly", "not"]:
        """Name each field of a row that is not as the trail says; how much the trail knows of the
        row."""
        name, alias = _names(table, raw)
        if name not in self._said and alias not in self._said:
            self.findings.append(
                Finding(name, "stands in the table, and no entry of the trail speaks of it")
            )
            return "not"
        said = self._said.pop(alias, {}) | self._said.pop(name, {})
        for column, expected in said.items():
            found = _sealed(table, column, raw[column])
            if found != expected:
                self.findings.append(
                    Finding(f"{name}.{column}", self._since(name, alias), expected, found)
                )
        return "wholly" if said.keys() >= _kept(table) else "partly"

    def refuse_missing(self) -> None:
        """Rows that the trail speaks of and no table holds."""
        for name in self._said:
            self.findings.append(Finding(name, f"is gone from the table; {self._since(name)}"))

    def _check(self, entry: AuditEntry) -> None:
        expected = self.newest.sequence + 1
        if entry.sequence != expected:
            missing = (
                f"{expected} to {entry.sequence - 1}"
                if entry.sequence - 1 > expected
                else str(expected)
            )
            self._fault(missing, f"missing before entry {entry.sequence}")
        elif entry.previous_hash != self.newest.hash:
            self._fault(
                entry.sequence,
                f"does not follow entry {self.newest.sequence}: one of the two was rewritten",
            )
        if entry.hash != _hash_of(entry):
            self._fault(
                entry.sequence,
                f"({entry.action} of {entry.subject}) is not what was hashed when it was written",
            )
        if others := self._anchors.pop(entry.sequence, set()) - {
            Anchor(entry.sequence, entry.hash)
        }:
            self._fault(
                entry.sequence,
                f"has another hash than the one that was published, {_shown(others)}: "
                "it, or an entry before it, was rewritten",
            )

    def _take(self, entry: AuditEntry) -> None:
        for name, facts in _facts_of(entry).items():
            self._said.setdefault(name, {}).update(facts)
            self._by[name] = entry.sequence

    def _since(self, *names: str) -> str:
        return f"last written by entry {max(self._by.get(name, 0) for name in names)}"

    def _fault(self, entry: object, what: str) -> None:
        self.findings.append(Finding(f"{TRAIL}/{entry}", what))


def _shown(anchors: Collection[Anchor]) -> str:
    return ", ".join(sorted(anchor.hash[:12] for anchor in anchors))


def _facts_of(entry: AuditEntry) -> dict[str, Facts]:
    """What an entry says of rows. One that was edited into nonsense says nothing; its hash has told
    already."""
    try:
        if entry.rows is not None:
            return {str(name): dict(facts) for name, facts in entry.rows.items()}
        name, facts = old_facts(entry)
        return {name: facts}
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}


def _hash_of(entry: AuditEntry) -> str:
    try:
        return hash_of(entry)
    except (TypeError, ValueError, RecursionError):
        return "none"


def _names(table: Table, raw: Mapping[str, Any]) -> tuple[str, str]:
    """The row's name, and the one that entries of version 0.1 give to a deployment."""
    name = row_name(table.name, tuple(raw[column.name] for column in table.primary_key.columns))
    if table.name != "deployments":
        return name, name
    return name, row_name(table.name, (raw["environment"], raw["stack"], raw["number"]))


def _kept(table: Table) -> set[str]:
    return {column.name for column in table.columns if (table.name, column.name) not in NOT_KEPT}


def _sealed(table: Table, column: str, value: object) -> str:
    if isinstance(value, Unreadable):
        return f"#unreadable {value.raw}"
    try:
        return sealed(table.columns[column], value)
    except (TypeError, ValueError, RecursionError):
        return f"#unreadable {value!r}"
