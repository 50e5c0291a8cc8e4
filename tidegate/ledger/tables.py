"""The ledger's tables. Repositories return these rows detached: they are facts that were read, not
live objects."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, configure_mappers, mapped_column, relationship

from tidegate.facts import Backup, Severity
from tidegate.ledger.columns import Base, Decision, DeploymentKind, StepState
from tidegate.policy.states import DeploymentState


class Release(Base):
    """What can be deployed; never changed once recorded. The same tag with another config is
    another release (P7)."""

    __tablename__ = "releases"

    id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(unique=True)
    """SHA-256 over all fields below, since PostgreSQL cannot compare a JSON column for
    uniqueness."""
    stack: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    commit: Mapped[str]
    """What it is about: a commit's full hash; of a stack without a repository its images, as
    `Version.id` writes them."""
    images: Mapped[dict[str, str]]
    """Service -> pin (`repo@sha256:...` or an image id)."""
    config_hash: Mapped[str]
    created_at: Mapped[datetime]


class Deployment(Base):
    """One release put into one environment once."""

    __tablename__ = "deployments"
    __table_args__ = (UniqueConstraint("stack", "environment", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """Idempotency: `release/<flow-run-id>/<environment>`."""
    stack: Mapped[str]
    environment: Mapped[str]
    number: Mapped[int]
    """From 1, without gaps, per stack and environment."""
    release_id: Mapped[str] = mapped_column(ForeignKey("releases.id"))
    release: Mapped[Release] = relationship(lazy="joined", innerjoin=True)
    kind: Mapped[DeploymentKind]
    origin_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    """Of a rollback or a restore: the deployment whose release is put back."""
    rollback_target_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    """The way back, captured before any change (P3); None when there is none."""
    slot: Mapped[str]
    """Compose project: `cloudlens-prod-42`."""
    state: Mapped[DeploymentState] = mapped_column(index=True)
    reason: Mapped[str]
    """Why it is in its state."""
    requested_by: Mapped[str]
    run_id: Mapped[str]
    plan_hash: Mapped[str | None]
    schema_before: Mapped[str | None]
    schema_after: Mapped[str | None]
    figures: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    switched_at: Mapped[datetime | None]
    """When it first served."""
    good_at: Mapped[datetime | None]
    """When it first passed its watch: only then it can be a rollback target (P5)."""
    ended_at: Mapped[datetime | None]
    """When nobody had to act on it any more."""

    @property
    def decide_before(self) -> datetime | None:
        """Until when its question may be answered, as the person was shown; None where nobody has
        been asked."""
        shown = self.figures.get("decide_before")
        return datetime.fromisoformat(shown) if shown else None

    @property
    def was_good(self) -> bool:
        return self.good_at is not None

    @property
    def version(self) -> str:
        return self.release.version

    @property
    def commit(self) -> str:
        return self.release.commit


class Step(Base):
    """One line of a deployment's journal: intent before the change, evidence after it."""

    __tablename__ = "steps"

    key: Mapped[str] = mapped_column(primary_key=True)
    """`prod/cloudlens/42/shift-traffic`"""
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployments.id"), index=True)
    position: Mapped[int]
    """Order of first beginning within the deployment, from 1."""
    name: Mapped[str]
    state: Mapped[StepState]
    attempts: Mapped[int]
    intent: Mapped[dict[str, Any]]
    """As of the first attempt: what a compensation has to undo."""
    evidence: Mapped[dict[str, Any]]
    error: Mapped[str | None]
    fence: Mapped[int | None]
    started_at: Mapped[datetime]
    """Of the latest attempt."""
    ended_at: Mapped[datetime | None]

    @property
    def is_done(self) -> bool:
        return self.state == "done"


class Approval(Base):
    """A known person's decision on one plan hash."""

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(primary_key=True)
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployments.id"), index=True)
    plan_hash: Mapped[str]
    decision: Mapped[Decision]
    approver: Mapped[str]
    reason: Mapped[str]
    checklist: Mapped[dict[str, bool]]
    decided_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class StoredBackup(Base):
    """A saved state and where it belongs. `facts` is what the ports speak of."""

    __tablename__ = "backups"

    id: Mapped[str] = mapped_column(primary_key=True)
    deployment_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"), index=True)
    stack: Mapped[str]
    environment: Mapped[str]
    path: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    schema_revision: Mapped[str | None]
    tables: Mapped[dict[str, int]]
    dump_seconds: Mapped[float]
    restore_seconds: Mapped[float]
    made_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    pruned_at: Mapped[datetime | None]
    """When its files were removed; the row stays."""

    @property
    def facts(self) -> Backup:
        return Backup(
            self.id,
            self.path,
            self.size,
            self.sha256,
            self.schema_revision,
            self.tables,
            self.dump_seconds,
            self.restore_seconds,
            self.made_at,
            self.verified_at,
        )


class Hold(Base):
    """A commit, or images without one, that must not be deployed again until a person lifts it."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(primary_key=True)
    stack: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    commit: Mapped[str]
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]


class Lock(Base):
    """Who may change an environment. The row outlives its owner, so that a fence is never given
    twice."""

    __tablename__ = "locks"

    stack: Mapped[str] = mapped_column(primary_key=True)
    environment: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str | None]
    """None when released."""
    fence: Mapped[int]
    heartbeat_at: Mapped[datetime]
    ttl_seconds: Mapped[float]
    taken_at: Mapped[datetime]


class Incident(Base):
    """One degraded signal of an environment, opened once however often the signal comes."""

    __tablename__ = "incidents"

    id: Mapped[str] = mapped_column(primary_key=True)
    stack: Mapped[str]
    environment: Mapped[str]
    deployment_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"))
    signal: Mapped[str] = mapped_column(unique=True)
    severity: Mapped[Severity]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class Delivery(Base):
    """One message to one channel, sent once."""

    __tablename__ = "messages"

    key: Mapped[str] = mapped_column(primary_key=True)
    deployment_id: Mapped[str | None] = mapped_column(ForeignKey("deployments.id"), index=True)
    kind: Mapped[str]
    channel: Mapped[str]
    attempts: Mapped[int]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]


class AuditEntry(Base):
    """One write, chained to the one before by its hash. Append only."""

    __tablename__ = "audit"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
    rows: Mapped[dict[str, dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    """Row -> column -> what the write left there, as `row_facts.sealed` writes it; None in entries
    of version 0.1."""
    previous_hash: Mapped[str]
    hash: Mapped[str]


configure_mappers()  # now, and not in each run
