"""add bills.currency"""

import sqlalchemy as sa
from alembic import op

revision = "0003a"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("bills", sa.Column("currency", sa.String(3), nullable=True))


def downgrade() -> None:
    op.drop_column("bills", "currency")
