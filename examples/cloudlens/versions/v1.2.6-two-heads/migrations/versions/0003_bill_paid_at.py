"""add bills.paid_at"""

import sqlalchemy as sa
from alembic import op

revision = "0003b"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("bills", sa.Column("paid_at", sa.DateTime, nullable=True))


def downgrade() -> None:
    op.drop_column("bills", "paid_at")
