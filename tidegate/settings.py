"""Where Tidegate keeps things. Every setting is an environment variable `TIDEGATE_...`; docs/settings.md lists them."""

import contextlib
import os
import secrets
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Paths and addresses of one installation."""

    model_config = SettingsConfigDict(env_prefix="TIDEGATE_", frozen=True)

    home: Path = Field(ROOT / ".tidegate", description="State: ledger, backups, sources, logs, edge routes.")
    stacks: Path = Field(ROOT / "stacks", description="One folder per stack.")
    ledger_url: SecretStr | None = Field(None, description="SQLAlchemy URL; empty is SQLite under `home`.")
    prefect_port: int = Field(4200, description="Port of the Prefect server on 127.0.0.1.")
    edge_port: int = Field(8080, description="Public port of the edge on 127.0.0.1.")
    edge_check_port: int = Field(8081, description="Loopback-only port of the edge: slot addresses, metrics, API.")
    lock_ttl_seconds: float = Field(30, gt=0, description="A lock without heartbeat for this long may be taken over.")

    @property
    def database_url(self) -> str:
        return self.ledger_url.get_secret_value() if self.ledger_url else f"sqlite:///{self.home}/ledger.db"

    def fingerprint_key(self) -> bytes:
        """The installation's own random key for fingerprints of configuration values; made on first use, mode 0600."""
        file = self.home / "fingerprint.key"
        if not file.exists():
            self._make_key(file)
        return file.read_bytes()

    def _make_key(self, file: Path) -> None:
        """Whole or not at all, and of two processes the first one's stays."""
        self.home.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
