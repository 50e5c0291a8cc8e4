"""bills.amount becomes bills.total

The image before this one cannot read the renamed column; the way down loses nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

AMOUNT = sa.Numeric(12, 2)


def upgrade() -> None:
    op.alter_column(
        "bills", "amount", new_column_name="total", existing_type=AMOUNT, existing_nullable=False
    )


def downgrade() -> None:
    op.alter_column(
        "bills", "total", new_column_name="amount", existing_type=AMOUNT, existing_nullable=False
    )
