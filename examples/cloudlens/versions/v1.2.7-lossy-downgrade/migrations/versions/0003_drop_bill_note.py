"""drop bills.note

The way down gives the column back, but not what stood in it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_column("bills", "note")


def downgrade() -> None:
    op.add_column("bills", sa.Column("note", sa.String(200), nullable=True))
