"""What a revision of the catalogue is, and the words that many of them use."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.facts import MigrationClass
from tidegate.schema.migration_sql import Engine

EITHER: tuple[Engine, ...] = ("mysql", "postgresql")
MYSQL: tuple[Engine, ...] = ("mysql",)
POSTGRESQL: tuple[Engine, ...] = ("postgresql",)
HEAD = """import uuid
import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.orm import Session
revision = "0002"
down_revision = "0001"
"""


@dataclass(frozen=True)
class Case:
    """One revision."""

    name: str
    kind: MigrationClass
    up: str
    down: str = "pass"
    engines: tuple[Engine, ...] = EITHER
    between: tuple[str, ...] = ()
    lost: str = ""
    is_asked: bool = False
    """Lossy only while the data do not fit, which is asked before the way back."""
    rest: str = ""
    """What else stands in the file."""

    @property
    def source(self) -> str:
        return f"{HEAD}{self.rest}\n{_function('upgrade', self.up)}\n{_function('downgrade', self.down)}"


def _function(name: str, body: str) -> str:
    return f"def {name}():\n" + "".join(f"    {line}\n" for line in body.strip("\n").splitlines())


def sql(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def alter(column: str, **words: str) -> str:
    return (
        f"op.alter_column('bills', {column!r}, "
        + ", ".join(f"{name}={value}" for name, value in words.items())
        + ")"
    )


FILLED = frozenset({("bills", "id"), ("bills", "n"), ("bills", "state")})
"""Columns that fill themselves before each revision."""
LONG, SHORT = "sa.String(2000)", "sa.String(20)"
STATE = "sa.Enum('new', 'paid', name='bill_state')"
STATES = "sa.Enum('new', 'paid', 'void', name='bill_state')"
TRIP = alter("code", new_column_name="'number'", existing_type=SHORT)
"""A change that old code trips over, so that the whole revision has to go back."""
BACK = "op.alter_column('bills', 'number', new_column_name='code', existing_type=sa.String(20))"
LONG_NOTE = ("UPDATE bills SET note = 'more than the twenty characters that it was' WHERE id = 1",)
ADDED = "op.drop_column('bills', 'extra')"
