"""The ledger: releases, deployments, steps, approvals, backups, holds, locks, incidents, messages
and the audit trail

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _releases()
    _deployments()
    _steps()
    _approvals()
    _backups()
    _holds()
    _locks()
    _incidents()
    _messages()
    _audit()
    _refuse_changes_of_the_audit_trail()


def downgrade() -> None:
    """Loses the ledger."""
    for table in (
        "messages",
        "incidents",
        "locks",
        "holds",
        "backups",
        "approvals",
        "steps",
        "deployments",
        "releases",
        "audit",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only()")


def _releases() -> None:
    op.create_table(
        "releases",
        _id(),
        _text("fingerprint"),
        _text("stack"),
        _text("version"),
        _text("commit"),
        _json("images"),
        _text("config_hash"),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sa.UniqueConstraint("fingerprint", name="uq_releases_fingerprint"),
    )
    op.create_index("ix_releases_stack", "releases", ["stack"])


def _deployments() -> None:
    op.create_table(
        "deployments",
        _id(),
        _text("key"),
        _text("stack"),
        _text("environment"),
        _number("number"),
        _text("release_id"),
        _text("kind"),
        _text("origin_id", nullable=True),
        _text("rollback_target_id", nullable=True),
        _text("slot"),
        sa.Column("state", sa.String(20), nullable=False),
        _text("reason"),
        _text("requested_by"),
        _text("run_id"),
        _text("plan_hash", nullable=True),
        _text("schema_before", nullable=True),
        _text("schema_after", nullable=True),
        _json("figures"),
        _time("created_at"),
        _time("switched_at", nullable=True),
        _time("good_at", nullable=True),
        _time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deployments"),
        sa.UniqueConstraint("key", name="uq_deployments_key"),
        sa.UniqueConstraint(
            "stack", "environment", "number", name="uq_deployments_stack_environment_number"
        ),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_deployments_release_id"),
        sa.ForeignKeyConstraint(["origin_id"], ["deployments.id"], name="fk_deployments_origin_id"),
        sa.ForeignKeyConstraint(
            ["rollback_target_id"], ["deployments.id"], name="fk_deployments_rollback_target_id"
        ),
    )
    op.create_index("ix_deployments_state", "deployments", ["state"])


def _steps() -> None:
    op.create_table(
        "steps",
        _text("key"),
        _text("deployment_id"),
        _number("position"),
        _text("name"),
        _text("state"),
        _number("attempts"),
        _json("intent"),
        _json("evidence"),
        _text("error", nullable=True),
        _number("fence", nullable=True),
        _time("started_at"),
        _time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_steps"),
        _deployment_of("steps"),
    )
    op.create_index("ix_steps_deployment_id", "steps", ["deployment_id"])


def _approvals() -> None:
    op.create_table(
        "approvals",
        _id(),
        _text("deployment_id"),
        _text("plan_hash"),
        _text("decision"),
        _text("approver"),
        _text("reason"),
        _json("checklist"),
        _time("decided_at"),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        _deployment_of("approvals"),
    )
    op.create_index("ix_approvals_deployment_id", "approvals", ["deployment_id"])


def _backups() -> None:
    op.create_table(
        "backups",
        _id(),
        _text("deployment_id", nullable=True),
        _text("stack"),
        _text("environment"),
        _text("path"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _text("sha256"),
        _text("schema_revision", nullable=True),
        _json("tables"),
        _seconds("dump_seconds"),
        _seconds("restore_seconds"),
        _time("made_at"),
        _time("verified_at", nullable=True),
        _time("pruned_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_backups"),
        _deployment_of("backups"),
    )
    op.create_index("ix_backups_deployment_id", "backups", ["deployment_id"])


def _holds() -> None:
    op.create_table(
        "holds",
        _id(),
        _text("stack"),
        _text("version"),
        _text("commit"),
        _text("reason"),
        _text("placed_by"),
        _time("placed_at"),
        _text("lifted_by", nullable=True),
        _time("lifted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_stack", "holds", ["stack"])


def _locks() -> None:
    op.create_table(
        "locks",
        _text("stack"),
        _text("environment"),
        _text("owner", nullable=True),
        _number("fence"),
        _time("heartbeat_at"),
        _seconds("ttl_seconds"),
        _time("taken_at"),
        sa.PrimaryKeyConstraint("stack", "environment", name="pk_locks"),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        _id(),
        _text("stack"),
        _text("environment"),
        _text("deployment_id", nullable=True),
        _text("signal"),
        _text("severity"),
        _time("opened_at"),
        _time("closed_at", nullable=True),
        _text("outcome", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sa.UniqueConstraint("signal", name="uq_incidents_signal"),
        _deployment_of("incidents"),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        _text("key"),
        _text("deployment_id", nullable=True),
        _text("kind"),
        _text("channel"),
        _number("attempts"),
        _time("sent_at", nullable=True),
        _text("error", nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_messages"),
        _deployment_of("messages"),
    )
    op.create_index("ix_messages_deployment_id", "messages", ["deployment_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        _time("at"),
        _text("actor"),
        _text("action"),
        _text("subject"),
        _json("details"),
        _text("previous_hash"),
        _text("hash"),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
    )


def _refuse_changes_of_the_audit_trail() -> None:
    """Against mistakes. Against a person with the file or superuser rights there is the hash
    chain."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit trail is append only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_refuses_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append only'); END"
        )


def _id() -> sa.Column[str]:
    return _text("id")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _seconds(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _deployment_of(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["deployment_id"], ["deployments.id"], name=f"fk_{table}_deployment_id"
    )
