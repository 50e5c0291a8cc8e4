"""Which values of a configuration are secrets: all but those that are plainly none, and what stands
as credential in a URL."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Protocol
from urllib.parse import unquote

SHORTEST = 4
"""Characters. What is shorter is found in every text, so hiding it would blacken the text and hide
nothing."""

_SECRET_KEY = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|WEBHOOK|CONNECTION_?STRING|"
    r"(?:^|_)(?:PASS|PWD|KEY|APIKEY|DSN|AUTH|PAT|SALT|SIGNING|BEARER|COOKIE|HMAC|PIN|OTP)(?:_|\Z)",
    re.IGNORECASE,
)
_NO_SECRET_KEY = re.compile(
    r"_(?:NAME|PATH|DIR|FILE|DOMAIN|ALGORITHM|TTL|LIFETIME|TIMEOUT|EXPIR[A-Z]*|YEARS|DAYS|HOURS|"
    r"MINUTES|SECONDS|ATTEMPTS(?:_[A-Z_]+)?)\Z",
    re.IGNORECASE,
)
"""It speaks of a secret and holds none: `COOKIE_NAME`, `TOKEN_EXPIRES`."""
_ORDINARY = """
    true false yes no on off none null nil enabled disabled auto default always never
    trace debug info notice warn warning error critical fatal
    dev development local test testing stage staging prod production
    docker compose
    localhost root admin user guest app http https smtp redis mysql mariadb postgres postgresql
    sqlite utf8 utf-8 utf8mb4 utc latest"""
_WORDS = frozenset(_ORDINARY.split())
HIDES_NOTHING = frozenset(
    [
        "true",
        "false",
        "none",
        "null",
        "password",
        "passwd",
        "secret",
        "token",
        "postgres",
        "postgresql",
        "mysql",
        "mariadb",
        "mongo",
        "mongodb",
        "redis",
        "rabbitmq",
    ]
)
"""Under a key that says that it holds a secret: no secret, or a word that every text about secrets
or databases has. Hiding it would blacken the names of keys, images and folders, and everybody tries
it first."""
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"[+-]?\d{1,5}(?:\.\d{1,4})?\s?(?:%|ms|s|m|min|h|d|w|b|[kmg]i?b?)?",  # 30, 0.5, 10s, 256MB
        # v1.2.0, 10.0.0.1:80
        r"v?\d{1,4}(?:\.\d{1,4}){1,3}(?:-[a-z]{1,10}[.\d]{0,6})?(?::\d{1,5}|/\d{1,2})?",
        r"(?:[a-z][\w.-]{0,40}(?::\d{1,5})?/)?[a-z][a-z._-]{0,30}(?:/[a-z._-]{1,30}){0,4}"
        # mysql:8.0
        r":(?:latest|(?:[a-z]{1,12}-)?v?\d{1,3}(?:\.\d{1,4}){0,3}(?:-[a-z][a-z0-9.]{0,12})?)",
        r"(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|"
        r"Etc)/[a-z_/+-]{2,30}\d{0,2}",
        r"[a-z]{2}[_-][a-z]{2}(?:\.utf-?8)?",  # en_US.UTF-8
        # https://shop.test/api/v1
        r"[a-z]+://[a-z0-9.-]{1,100}(?::\d{1,5})?(?:/(?:[a-z]{1,12}|v\d{1,2})){0,4}/?",
    )
)
_PATH = re.compile(r"\.{0,2}(?:/[a-z][a-z_-]{0,15}(?:\.[a-z]{1,6})?){1,8}/?|/")
_USER_INFO = re.compile(r"[a-z][a-z0-9+.-]{0,30}://([^\s/@?#]{0,500})@", re.IGNORECASE)
# a raw `/` in it
_ODD_PASSWORD = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://[^\s/@:]{0,100}:([^\s@]{1,500})@", re.IGNORECASE
)
_QUERY = re.compile(r"://[^\s?#]{0,2000}[?#](\S{1,2000})")
_PAIR = re.compile(r"([\w.-]{1,60})\s?=\s?(\"[^\"]{1,500}\"|'[^']{1,500}'|[^\s&;,#\"']{1,500})")
_PLAIN_USERS = frozenset({"git", "oauth2", "x-token-auth", "x-access-token", "x-oauth-basic"})


class Named(Protocol):
    """Whatever has a name: services and databases of a stack."""

    @property
    def name(self) -> str: ...


def looks_secret(key: str) -> bool:
    """Whether a key's name says that its value is secret: `MYSQL_PASSWORD`, `OCR_SERVICE_KEY`,
    `SENTRY_DSN`; not `COOKIE_NAME`."""
    key = re.sub(r"[.-]", "_", key)
    return _SECRET_KEY.search(key) is not None and _NO_SECRET_KEY.search(key) is None


def is_plain(key: str, value: str, known_names: Collection[str] = ()) -> bool:
    """Whether a value is plainly no secret. `known_names`, in lower case, are names everybody reads
    anyway: of the stack, its services, hosts and domains.

    Under a key that says that it holds a secret, only a value that could not be hidden is plain:
    one that is too short, a known name, yes and no, `password` itself.
    """
    bare = value.strip().lower()
    if len(bare) < SHORTEST or bare in known_names:
        return True
    if looks_secret(key):
        return bare in HIDES_NOTHING
    return all(
        _is_plain_word(part, known_names) for part in re.split(r"[,\s]+", value.strip()) if part
    )


def _is_plain_word(word: str, known_names: Collection[str]) -> bool:
    bare = word.lower()
    host, _, port = bare.rpartition(":")
    if bare in _WORDS or bare in known_names or (host in known_names and port.isdigit()):
        return True
    return any(form.fullmatch(word) for form in _FORMS) or _PATH.fullmatch(word) is not None


def secret_parts(value: str) -> set[str]:
    """What is a credential inside `value`, as written and as meant: the password and the user of a
    URL (a token may be its user), what a query or a `key=value` list calls a password, token or
    key."""
    found = {part for part in _parts(value) if len(part.strip()) >= SHORTEST}
    return found | {unquote(part) for part in found}


def holds_secret(key: str, value: str) -> bool:
    """Whether a value is secret, or part of it: by its key's name, or by a credential inside it."""
    return looks_secret(key) or bool(secret_parts(value))


def _parts(value: str) -> Iterator[str]:
    if "=" not in value and "://" not in value:
        return
    for match in _USER_INFO.finditer(value):
        user, colon, password = match[1].partition(":")
        yield password
        if user.lower() not in _PLAIN_USERS and (not colon or not _is_plain_user(user)):
            yield from () if _is_plain_user(user) else (user,)
    yield from (match[1] for match in _ODD_PASSWORD.finditer(value))
    for match in _QUERY.finditer(value):
        yield from (text for name, text in _PAIR.findall(match[1]) if looks_secret(name))
    yield from (text.strip("\"'") for name, text in _PAIR.findall(value) if looks_secret(name))


def _is_plain_user(user: str) -> bool:
    """A name that a person could have: `app`, `shop_admin`. A token is longer, or mixes letters and
    digits."""
    return re.fullmatch(r"[A-Za-z][A-Za-z._-]{0,19}\d{0,3}", user) is not None
