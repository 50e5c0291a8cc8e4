"""Env files: read as compose reads them, checked whole, compared by keyed hashes. Texts name keys,
never values.

`${NAME}` in a value is what a line above says, whatever the environment of its reader (P38).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import ConfigError
from tidegate.secrecy.plain_values import looks_secret, secret_parts
from tidegate.stack.env_text import Entry, entries
from tidegate.stack.environments import Kind

_PLACEHOLDER = re.compile(
    r"CHANGE_?ME|\*{3}REDACTED\*{3}|__DEPLOY_INJECT__|^\s*<[^<>]*>\s*\Z|^\s*(?i:placeholder)\s*\Z"
)
_KNOWN_DEFAULTS = frozenset(
    {
        "changeme",
        "change_me",
        "test",
        "test123",
        "root",
        "password",
        "dev123",
        "admin",
        "admin123",
        "secret",
        "123456",
        "12345678",
        "ocr",
        "odoo",
        "postgres",
        "mysql",
        "example",
        "default",
        "guest",
        "1234",
        "qwerty",
        "supersecret",
        "mysecretpassword",
    }
)
_KEY_BYTES = 16
DEFAULT_PASSWORD = "holds a well-known default password"


def to_accept(key: str) -> str:
    """How a team takes it upon itself."""
    return (
        "Use a password of your own. One that the data have already can be accepted: "
        f"`allow: [{{key: {key}, setting: default-password, reason: ...}}]` in stack.yaml"
    )


def read_env(path: Path, given: Mapping[str, str] = {}) -> dict[str, str]:
    """Keys and values of an env file. Raises ConfigError naming each bad line by number.

    `given` are values from elsewhere, such as secrets, that `$NAME` means before the file's own
    lines.
    """
    values, fault = read_env_as_far(path, given)
    if fault:
        raise fault
    return values


def read_env_as_far(
    path: Path, given: Mapping[str, str] = {}
) -> tuple[dict[str, str], ConfigError | None]:
    """What can be read of it, and what is wrong with the rest: a way back does not wait for a slip
    in a file."""
    doing = f"reading the env file {path.name}"
    try:
        content = path.read_bytes()
    except OSError as error:
        return {}, ConfigError(doing, f"it cannot be read ({type(error).__name__})", _to_make(path))
    read = list(entries(content.decode("utf-8", "replace"), given))
    faults = _line_faults(read) + ["it is not UTF-8"] * (not _is_utf8(content))
    values = {one.key: one.value for one in read if not one.fault}
    to_do = "Write each line as KEY=value, each key once"
    return values, ConfigError(doing, "; ".join(faults), to_do) if faults else None


def _to_make(path: Path) -> str:
    """What a person makes it of."""
    if path.with_name(f"{path.name}.example").is_file():
        return f"Copy {path.name}.example to {path.name}, and give each key its value"
    return (
        "Make it, with a line KEY=value for each key that the compose files and the application "
        "take from it; the `.example` of another environment says which"
    )


def check_env(
    values: Mapping[str, str],
    required: Collection[str],
    kind: Kind,
    secret_keys: Collection[str] = (),
    accepted: Collection[str] = (),
) -> list[str]:
    """Every fault at once (P32): missing, empty, placeholder, and outside of development a known
    default password that nobody has `accepted` under this key.
    """
    faults = [f"{key}: is missing" for key in required if key not in values]
    faults += [f"{key}: is empty" for key in required if key in values and not values[key].strip()]
    weak = (
        set() if kind == "development" else {*default_passwords(values, secret_keys)} - {*accepted}
    )
    found = {
        key: "holds a placeholder"
        if _PLACEHOLDER.search(value)
        else DEFAULT_PASSWORD * (key in weak)
        for key, value in values.items()
    }
    return faults + [f"{key}: {fault}" for key, fault in found.items() if fault]


def default_passwords(values: Mapping[str, str], secret_keys: Collection[str] = ()) -> list[str]:
    """The keys under which a password stands that everybody tries first."""
    return [key for key, value in values.items() if _is_known_default(key, value, secret_keys)]


def said_twice(read: Collection[str], secret_keys: Collection[str]) -> list[str]:
    """Keys of the env file that a secret block gives too: containers would get the one, and
    Tidegate use the other."""
    return [
        f"{key}: is in the env file and under `secrets:`; take one of them out"
        for key in sorted({*read} & {*secret_keys})
    ]


def fingerprint(values: Mapping[str, str], key: bytes) -> dict[str, str]:
    """Keyed hash of each value, 32 hex digits; empty for an empty value, so that `diff_env` sees it
    turn empty.

    Keyed, because a plain hash of a weak secret can be guessed from the ledger; and mixed with the
    name, so that one secret under two names is not seen to be one. Raises ConfigError when `key` is
    shorter than 16 bytes.
    """
    if len(key) < _KEY_BYTES:
        raise ConfigError(
            "hashing the configuration",
            "the hashing key is too short",
            f"Use {_KEY_BYTES} random bytes or more",
        )
    return {name: _keyed(key, name, value) if value else "" for name, value in values.items()}


def config_hash(fingerprints: Mapping[str, str], *contents: bytes) -> str:
    """One hash, 64 hex digits, of a whole configuration: its fingerprints and whole files such as
    compose files."""
    parts = [json.dumps(fingerprints, sort_keys=True).encode(), *contents]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


@dataclass(frozen=True)
class EnvDiff:
    """Names of keys that differ between two releases, sorted. `emptied` had a value before and has
    none now."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.emptied)


def diff_env(old: Mapping[str, str], new: Mapping[str, str]) -> EnvDiff:
    """Compare two fingerprints made with the same key (P30)."""
    differing = sorted(name for name in old.keys() & new.keys() if old[name] != new[name])
    return EnvDiff(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(name for name in differing if new[name]),
        emptied=tuple(name for name in differing if not new[name]),
    )


def _line_faults(read: Sequence[Entry]) -> list[str]:
    faults = [
        f"line {one.line}: {one.key + ' ' if one.key else ''}{one.fault}"
        for one in read
        if one.fault
    ]
    times = Counter(one.key for one in read if one.key)
    return faults + [f"{key}: is there {count} times" for key, count in times.items() if count > 1]


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_known_default(key: str, value: str, secret_keys: Collection[str]) -> bool:
    parts = secret_parts(value) | ({value} if key in secret_keys or looks_secret(key) else set())
    return any(part.strip().lower() in _KNOWN_DEFAULTS for part in parts)


def _keyed(key: bytes, name: str, value: str) -> str:
    return hmac.new(key, f"{name}={value}".encode(), hashlib.sha256).hexdigest()[:32]
