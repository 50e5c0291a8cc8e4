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
    receiver_port: int = Field(4280, description="Port of the receiver for Alertmanager's webhooks on 127.0.0.1.")
    edge_name: str = Field("tidegate-edge", description="Name of the edge's container and of the network it shares with slots.")
    lock_ttl_seconds: float = Field(30, gt=0, description="A lock without heartbeat for this long may be taken over.")

    @property
    def database_url(self) -> str:
        return self.ledger_url.get_secret_value() if self.ledger_url else f"sqlite:///{self.home}/ledger.db"

    def as_environment(self) -> dict[str, str]:
        """The variables by which another process gets the same settings."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        plain = {name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
                 for name, value in values.items() if value is not None}
        return {f"TIDEGATE_{name.upper()}": value for name, value in plain.items()}

    def fingerprint_key(self) -> bytes:
        """The installation's own random key for fingerprints of configuration values; made on first use, mode 0600."""
        return self._kept(self.home / "fingerprint.key", secrets.token_bytes(32))

    @property
    def receiver_token_file(self) -> Path:
        """Alertmanager reads the token from here: `authorization.credentials_file`."""
        return self.home / "receiver.token"

    def receiver_token(self) -> SecretStr:
        """What a webhook must bear; made on first use, mode 0600."""
        return SecretStr(self._kept(self.receiver_token_file, secrets.token_urlsafe(32).encode()).decode())

    def _kept(self, file: Path, fresh: bytes) -> bytes:
        """What `file` holds. A new one is there whole or not at all, and of two processes the first one's stays."""
        if not file.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(f".{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_bytes(fresh)
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
            draft.unlink()
        return file.read_bytes()
