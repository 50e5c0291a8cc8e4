"""one bill a month

Statement 3 of 5 is refused by the data: an account may have two bills in one month, and one month
has two accounts.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE bills ADD COLUMN currency VARCHAR(3) NOT NULL DEFAULT 'CNY'")
    op.execute("CREATE INDEX idx_bills_account ON bills (account_id)")
    op.execute("CREATE UNIQUE INDEX idx_bills_month ON bills (month)")
    op.execute("ALTER TABLE bills ADD COLUMN paid_at DATETIME NULL")
    op.execute("CREATE INDEX idx_bills_paid ON bills (paid_at)")


def downgrade() -> None:
    op.execute("DROP INDEX idx_bills_paid ON bills")
    op.execute("ALTER TABLE bills DROP COLUMN paid_at")
    op.execute("DROP INDEX idx_bills_month ON bills")
    op.execute("DROP INDEX idx_bills_account ON bills")
    op.execute("ALTER TABLE bills DROP COLUMN currency")
