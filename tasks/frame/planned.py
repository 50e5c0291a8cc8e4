"""What the plan said when a deployment was opened, kept in the journal for the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tidegate.facts import Fit, FoundDatabases, MigrationClass
from tidegate.ledger.tables import Deployment
from tidegate.plan.changes import Plan, WayBack

MOST_CHANGES = 20


@dataclass(frozen=True)
class SchemaMove:
    """From which revision to which one a database is taken."""

    database: str
    current: str | None
    head: str
    kind: MigrationClass
    fits: tuple[Fit, ...] = ()
    """What the data must satisfy before it is taken back."""

    @property
    def goes_down(self) -> bool:
        """Whether the old version needs it to be taken back."""
        return self.kind not in ("none", "additive")

    @classmethod
    def of(cls, facts: Mapping[str, Any], kind: MigrationClass) -> SchemaMove:
        """As the journal keeps it; 0.1 kept only the `kind` of all databases together."""
        return cls(
            **{"kind": kind, **facts, "fits": tuple(Fit(**fit) for fit in facts.get("fits", ()))}
        )


@dataclass(frozen=True)
class Planned:
    """What the plan said when the deployment was opened: after a crash, the way back is still
    known."""

    kind: MigrationClass
    way_back: WayBack
    schema: tuple[SchemaMove, ...]
    watch_seconds: int = 0
    rehearse: bool = False
    changes: tuple[str, ...] = ()
    """Subjects of the new commits and names of new images, for the message."""
    privileges: tuple[str, ...] = ()
    """What the containers get of their host, each with its reason, for the record."""
    found: tuple[FoundDatabases, ...] = ()
    """What the patterns of databases found, for the page of the backup."""

    @property
    def migrates(self) -> bool:
        return any(move.current != move.head for move in self.schema)


UNKNOWN = Planned("lossy", "stop and ask", ())
"""Of a deployment that no plan is known of: whatever it did to the data, a person decides."""


@step("plan", timeout_seconds=30)
def note_plan(work: Work, plan: Plan) -> Evidence:
    """Keep what the way back needs to know.

    Needs: a plan. Leaves: it in the journal. Again: the first one stays. Undo: nothing to undo.
    """
    moves = tuple(
        SchemaMove(change.database, change.current, change.head, change.kind, change.fits)
        for change in plan.schema
    )
    return asdict(
        Planned(
            kind=plan.kind,
            way_back=plan.way_back,
            schema=moves,
            watch_seconds=plan.watch_seconds,
            rehearse=work.env.config.rehearse,
            changes=tuple(plan.changes[:MOST_CHANGES]),
            privileges=tuple(f"{one.text} ({one.reason})" for one in plan.privileges),
            found=plan.found,
        )
    )


def planned(work: Work) -> Planned:
    return planned_of(work.env, work.deployment)


def planned_of(env: OpenEnvironment, deployment: Deployment) -> Planned:
    """What the plan step kept in a deployment's journal; `UNKNOWN` where it kept nothing."""
    row = env.ledger.journal.get(
        env.ledger.journal.key(env.name, env.stack.name, deployment.number, "plan")
    )
    if row is None or not row.is_done:
        return UNKNOWN
    facts = row.evidence
    return Planned(
        **{
            **facts,
            "schema": tuple(SchemaMove.of(one, facts["kind"]) for one in facts["schema"]),
            "changes": tuple(facts.get("changes", ())),
            "privileges": tuple(facts.get("privileges", ())),
            "found": tuple(
                FoundDatabases(one["entry"], one["pattern"], tuple(one["names"]))
                for one in facts.get("found", ())
            ),
        }
    )
