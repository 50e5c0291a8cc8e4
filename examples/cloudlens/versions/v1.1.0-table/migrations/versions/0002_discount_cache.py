"""create discount_cache"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "discount_cache",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account_id", sa.String(100), nullable=False),
        sa.Column("cache_data", sa.JSON, nullable=True),
        sa.Column("created_at", sa.DateTime, server_default=sa.func.now()),
        sa.Index("idx_discount_cache_account", "account_id"),
    )


def downgrade() -> None:
    op.drop_table("discount_cache")
