"""bills.note takes 2000 characters, bills.amount is never negative

The image before this one may write what the check refuses, so the schema goes back with it. A note
that is longer than the 200 characters of before would be cut on that way.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SHORT, LONG = sa.String(200), sa.String(2000)


def upgrade() -> None:
    op.alter_column("bills", "note", type_=LONG, existing_type=SHORT, existing_nullable=True)
    op.create_check_constraint("amount_is_not_negative", "bills", "amount >= 0")


def downgrade() -> None:
    op.drop_constraint("amount_is_not_negative", "bills", type_="check")
    op.alter_column("bills", "note", type_=SHORT, existing_type=LONG, existing_nullable=True)
