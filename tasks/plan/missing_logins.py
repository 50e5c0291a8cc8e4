"""Keys of databases' logins that nobody gives a value."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.frame.open_environment import OpenEnvironment
from tidegate.errors import ConfigError


def refuse_missing_logins(env: OpenEnvironment) -> None:
    """Raises ConfigError with every key without which nobody can log in to a database, and which is
    neither in the env file nor in the compose files. What a secret block holds is there, and so is
    what `KEY_FILE` leads to: the file itself may be on the server alone."""
    if missing := [*_missing(env)]:
        raise ConfigError(
            f"looking for the logins of {env.stack.name}'s databases in {env.name}",
            "; ".join(missing),
            f"Add it to {env.config.env_file}, or name the key that the application reads",
        )


def _missing(env: OpenEnvironment) -> Iterator[str]:
    services = env.model()["services"].values()
    given = {key for service in services for key in service.get("environment") or {}}
    for number, spec in enumerate(env.stack.databases):
        known, own = env.logins(spec), env.own_keys(spec)
        for field, key in spec.login_fields.items():
            where = f"databases[{number}].{field}"
            if known.get(key) or f"{key}_FILE" in given:
                continue
            if key in own:
                yield (
                    f"{where}: another database has {key} too, and nothing says what it is for "
                    f"{spec.service}: name a key of its own"
                )
            elif key not in env.config.secrets:
                yield f"{where}: neither the env file nor the compose files have {key}"
