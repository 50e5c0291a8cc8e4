"""Runs the schema history against the database that the environment names; `--sql` prints it
without one."""

from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine, pool

from cloudlens.settings import database_url
from cloudlens.tables import metadata

if context.config.config_file_name:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)


def print_sql() -> None:
    context.configure(dialect_name="mysql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def change_database() -> None:
    with create_engine(database_url(), poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    change_database()
