"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, DateTime, Dialect, Double, Enum, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from tidegate.facts import Severity
from tidegate.policy.states import DeploymentState

DeploymentKind = Literal["release", "rollback", "restore", "adoption", "base"]
StepState = Literal["intended", "done", "failed"]
Decision = Literal["approved", "rejected"]


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware UTC in and out. SQLite stores no zone, so it is taken off and put back
    here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone does not go into the ledger")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The ledger's metadata. Constraints have names, so that a later migration can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime(),
        DeploymentState: Enum(
            DeploymentState,
            native_enum=False,
            create_constraint=False,
            length=20,
            values_callable=lambda states: [state.value for state in states],
        ),
        float: Double(),
        dict[str, Any]: JSON(),
        dict[str, str]: JSON(),
        dict[str, int]: JSON(),
        dict[str, bool]: JSON(),
        DeploymentKind: String(),
        StepState: String(),
        Decision: String(),
        Severity: String(),
    }
