"""The ledger's own schema history: `upgrade` brings a database to the newest revision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from tidegate.ledger.store import for_writing, ledger_errors, open_engine

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Run what is missing, in one transaction. Again, or from two processes at once, it does
    nothing twice.

    Creates a SQLite file, readable by its owner only, and its folder. Raises LedgerError.
    """
    with ledger_errors("upgrading the ledger's schema"):
        _make_file(url)
        _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Go back to `revision`; `base` loses everything. Raises LedgerError."""
    with ledger_errors("downgrading the ledger's schema"):
        _run(url, lambda config: command.downgrade(config, revision))


def head() -> str:
    """The newest revision there is."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


def revisions() -> set[str]:
    """Every revision that this version knows."""
    return {one.revision for one in ScriptDirectory.from_config(configuration()).walk_revisions()}


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _run(url: str, change: Callable[[Config], None]) -> None:
    engine = open_engine(url)
    try:
        with for_writing(
            engine
        ).begin() as connection:  # a second process waits here, and then finds it done
            config = configuration()
            config.attributes["connection"] = connection
            change(config)
    finally:
        engine.dispose()


def _make_file(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        file = Path(parsed.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
