"""create bills"""

import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KNOWN = [
    ("BILL-0001", "aliyun-main", datetime.date(2026, 9, 1), "1280.50", "ECS 包年"),
    ("BILL-0002", "aliyun-main", datetime.date(2026, 10, 1), "1344.00", "ECS 包年"),
    ("BILL-0003", "tencent-lab", datetime.date(2026, 10, 1), "96.25", "对象存储"),
]


def upgrade() -> None:
    bills = op.create_table(
        "bills",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("account_id", sa.String(100), nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("note", sa.String(200), nullable=True),
        sa.Column("created_at", sa.DateTime, server_default=sa.func.now()),
    )
    columns = ("id", "account_id", "month", "amount", "note")
    op.bulk_insert(bills, [dict(zip(columns, row, strict=True)) for row in KNOWN])


def downgrade() -> None:
    op.drop_table("bills")
