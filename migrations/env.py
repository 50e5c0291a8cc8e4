"""Run by Alembic. `tidegate.ledger.schema` hands in a connection whose transaction already holds
the write lock."""

from alembic import context

import tidegate.ledger.tables  # noqa: F401 - fills the metadata
from tidegate.ledger.columns import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
