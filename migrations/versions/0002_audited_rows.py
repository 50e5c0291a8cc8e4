"""The audit trail says what each write left in the rows

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Entries of before keep an empty field: what version 0.1 wrote stays byte for byte, and so do
    its hashes."""
    op.add_column("audit", sa.Column("rows", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Entries that were written meanwhile do not match their hashes any more."""
    op.drop_column("audit", "rows")
