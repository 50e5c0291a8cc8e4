"""The tables this version reads and writes. Alembic makes them; see migrations/versions/."""

from sqlalchemy import JSON, Column, Date, Integer, MetaData, Numeric, String, Table

metadata = MetaData()

bills = Table(
    "bills",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("account_id", String(100), nullable=False),
    Column("month", Date, nullable=False),
    Column("amount", Numeric(12, 2), nullable=False),
    Column("note", String(200)),
)

discount_cache = Table(
    "discount_cache",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", String(100), nullable=False, index=True),
    Column("cache_data", JSON),
)
