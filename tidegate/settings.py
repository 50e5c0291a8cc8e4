"""Where Tidegate keeps things. `tidegate docs settings` lists the settings.

Each is an environment variable `TIDEGATE_...` or, after it, a line of `tidegate.toml`.
"""

import os
import re
import secrets
from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from tidegate.secrecy.kept import LEAST_TOKEN_BYTES, kept_secret, kept_token
from tidegate.stack.folder import PATHS, SECRET, told_by_folder

ADDRESS = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
TOKEN, AUTH_STRING = r"[!-~]+", r"[!-9;-~]+:[!-~]+"
"""Printable ASCII without spaces; the second is `name:secret`."""


class Settings(BaseModel):
    """Paths and addresses of one installation. Read by pydantic alone: its settings library doubles
    the start of a command."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    home: Path = Field(
        Path(PATHS["home"]), description="State: ledger, backups, sources, logs, edge routes."
    )
    stacks: Path = Field(Path(PATHS["stacks"]), description="One folder per stack.")
    ledger_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL; empty is SQLite under `home`."
    )
    prefect_port: int = Field(4200, description="Port of the Prefect server on 127.0.0.1.")
    ui_addresses: str = Field(
        "", description="Further addresses of the Prefect UI, with commas between them."
    )
    trusted_fronts: str = Field(
        "", description="Addresses of what stands before the edge, with commas between them."
    )
    edge_port: int = Field(8080, description="Public port of the edge on 127.0.0.1.")
    edge_check_port: int = Field(
        8081, description="Loopback-only port of the edge: slot addresses, metrics, API."
    )
    receiver_port: int = Field(
        4280, description="Port of the receiver for Alertmanager's webhooks on 127.0.0.1."
    )
    edge_image: str = Field(
        "", description="Image of the edge, where it is another one than Traefik's own."
    )
    edge_name: str = Field(
        "tidegate-edge",
        description="Name of the edge's container; its networks' names have it in them.",
    )
    lock_ttl_seconds: float = Field(
        30, gt=0, description="A lock without heartbeat for this long may be taken over."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_outside(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What is not given is what the environment says, and after it `tidegate.toml`.

        The file is not looked for where nothing is left to be asked of it: a process of the
        control plane gets every setting by its environment, wherever it runs.
        """
        known = {**_by_environment(cls.model_fields), **given}
        asked = cls.model_fields.keys() - {SECRET} - known.keys()
        if not asked:
            return known
        return {**told_by_folder(cls.model_fields, must_be=not asked.isdisjoint(PATHS)), **known}

    @property
    def ui_url(self) -> str:
        return f"http://127.0.0.1:{self.prefect_port}"

    @property
    def api_url(self) -> str:
        return f"{self.ui_url}/api"

    @property
    def database_url(self) -> str:
        return (
            self.ledger_url.get_secret_value()
            if self.ledger_url
            else f"sqlite:///{self.home}/ledger.db"
        )

    def as_environment(self) -> dict[str, str]:
        """The variables by which another process gets the same settings."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        plain = {
            name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in values.items()
            if value is not None
        }
        return {f"TIDEGATE_{name.upper()}": value for name, value in plain.items()}

    @field_validator("ui_addresses")
    @classmethod
    def _are_addresses(cls, given: str) -> str:
        wrong = [address for address in _listed(given) if not ADDRESS.fullmatch(address)]
        if wrong:
            raise ValueError(
                f"must be addresses such as https://tidegate.example.com (got {', '.join(wrong)})"
            )
        return given

    @field_validator("trusted_fronts")
    @classmethod
    def _are_networks(cls, given: str) -> str:
        wrong = [text for text in _listed(given) if not _is_network(text)]
        if wrong:
            raise ValueError(
                "must be addresses such as 127.0.0.1 or 10.0.0.0/24, and not everybody's "
                f"(got {', '.join(wrong)})"
            )
        return given

    @property
    def fronts(self) -> tuple[str, ...]:
        """What may say by which address and scheme a visitor comes."""
        return tuple(_listed(self.trusted_fronts))

    @property
    def ui_origins(self) -> tuple[str, ...]:
        """Where people's browsers find the UI: this machine by its two names, and what the team has
        set."""
        own = (f"http://{host}:{self.prefect_port}" for host in ("127.0.0.1", "localhost"))
        return (*own, *map(_as_browsers_say, _listed(self.ui_addresses)))

    @property
    def people_url(self) -> str:
        """Where links in messages and forms lead: the first address that the team has set."""
        own, _, *team = self.ui_origins
        return (team or [own])[0]

    def page_of_run(self, run: object) -> str:
        return f"{self.people_url}/runs/flow-run/{run}"

    def page_of_artifact(self, artifact: object) -> str:
        return f"{self.people_url}/artifacts/artifact/{artifact}"

    def make_secrets(self) -> None:
        """Have every kept secret. Raises InputError for the first that is none, before anything is
        started with it."""
        self.fingerprint_key()
        self.receiver_token()
        self.api_auth()

    def fingerprint_key(self) -> bytes:
        """The installation's own random key for fingerprints of configuration values."""
        return kept_secret(self.home / "fingerprint.key", secrets.token_bytes(32), least_bytes=16)

    @property
    def receiver_token_file(self) -> Path:
        """Alertmanager reads the token from here: `authorization.credentials_file`."""
        return self.home / "receiver.token"

    def receiver_token(self) -> SecretStr:
        """What a webhook must bear."""
        return SecretStr(kept_token(self.receiver_token_file, secrets.token_urlsafe(32), TOKEN))

    @property
    def api_auth_file(self) -> Path:
        return self.home / "prefect.auth"

    def api_auth(self) -> SecretStr:
        """Prefect's own auth string `name:secret`: what the login page asks for, and what every
        command sends."""
        return SecretStr(
            kept_token(self.api_auth_file, f"tidegate:{secrets.token_urlsafe(32)}", AUTH_STRING)
        )


def _by_environment(names: Iterable[str]) -> dict[str, Any]:
    """Its paths are those below the current folder."""
    said = {name: os.environ.get(f"TIDEGATE_{name.upper()}") for name in names}
    return {
        name: Path(value).absolute() if name in PATHS else value
        for name, value in said.items()
        if value is not None and (value or name not in PATHS)
    }


def is_auth_string(text: str) -> bool:
    """`name:secret`, long enough to be one."""
    return len(text) >= LEAST_TOKEN_BYTES and re.fullmatch(AUTH_STRING, text) is not None


def _as_browsers_say(address: str) -> str:
    """They leave out the port that goes with the scheme."""
    default = ":443" if address.startswith("https:") else ":80"
    return address.removesuffix(default)


def _is_network(text: str) -> bool:
    try:
        return ip_network(text, strict=False).prefixlen > 0
    except ValueError:
        return False


def _listed(addresses: str) -> list[str]:
    return [address.strip() for address in addresses.split(",") if address.strip()]
