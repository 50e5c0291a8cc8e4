"""Addresses of databases: `postgresql://user:password@host:port/database?options`, also as
SQLAlchemy and JDBC write the scheme."""

from __future__ import annotations

import re
from urllib.parse import quote

from tidegate.errors import ConfigError

_ADDRESS = re.compile(
    r"(?P<scheme>(?:jdbc:)?[A-Za-z0-9+]+)://[^/?#]*(?:/[^?#]*)?(?P<options>\?[^#]*)?"
)
_LOGIN_OR_TLS = re.compile(r"user|password|host|port|ssl.*", re.IGNORECASE)


def leading_to(
    address: str, key: str, *, user: str, password: str, host: str, port: str, database: str
) -> str:
    """`address` with another place and login. Its scheme and options stay, but for those that say a
    login or ask for TLS, which a copy does not speak.

    Raises ConfigError where the env key `key` holds no address.
    """
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise ConfigError(
            f"reading {key}", "it is no address such as postgresql://...", "Correct it"
        )
    options = [
        option
        for option in (found["options"] or "?")[1:].split("&")
        if option and not _LOGIN_OR_TLS.fullmatch(option.partition("=")[0])
    ]
    name, secret, place = (quote(part, safe="") for part in (user, password, database))
    if found["scheme"].startswith("jdbc:"):
        login, options = "", [*options, f"user={name}", f"password={secret}"]
    else:
        login = f"{name}:{secret}@"
    end = f"?{'&'.join(options)}" if options else ""
    return f"{found['scheme']}://{login}{host}:{port}/{place}{end}"
