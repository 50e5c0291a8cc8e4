"""bills.amount becomes bills.amount_cents

The image before this one cannot read the new column; the way down loses nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("bills", sa.Column("amount_cents", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE bills SET amount_cents = ROUND(amount * 100)")
    op.drop_column("bills", "amount")


def downgrade() -> None:
    op.add_column("bills", sa.Column("amount", sa.Numeric(12, 2), nullable=False, server_default="0"))
    op.execute("UPDATE bills SET amount = amount_cents / 100")
    op.drop_column("bills", "amount_cents")
