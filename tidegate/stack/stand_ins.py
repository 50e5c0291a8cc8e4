"""Stand-ins for an environment's values: the same keys, values of the same shape, nothing that is
true.

A version that nobody has accepted is asked about its schema history with these. A URL keeps its
scheme, so that the dialect is right; its host is a name that leads nowhere (RFC 2606).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from tidegate.secrecy.plain_values import looks_secret

NOWHERE = "stand-in.invalid"
_WORD = "stand-in"
_CHOICES = {
    "DJANGO_SETTINGS_MODULE": r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*",
    "RAILS_ENV": r"[a-z]+",
    "NODE_ENV": r"[a-z]+",
}
"""Keys that name a part of the application's own code, which cannot be asked for anything without
it."""
_PLAIN = re.compile(
    r"true|false|yes|no|on|off|none|null|debug|info|warn|warning|error|critical|"
    r"prod|production|staging|dev|development|test|utf-?8(mb4)?|"
    r"(mysql|mariadb|postgres|postgresql|sqlite)(\+[a-z0-9]{1,20})?",
    re.IGNORECASE,
)
_SMALL_NUMBER = re.compile(r"-?\d{1,5}|-?\d{1,3}\.\d{1,3}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_SCHEME = r"(jdbc:)?[A-Za-z]{1,16}\d?(\+[A-Za-z]{1,16}\d?)?"
_URL = re.compile(rf"(?P<scheme>{_SCHEME})://(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_PORT = re.compile(r":(\d{1,5})\Z")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:(\d{1,5})")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LIBPQ = re.compile(r"\w+=\S*(\s+\w+=\S*)+")
_ODBC = re.compile(r"\w[\w ]*=[^;]*(;\s*\w[\w ]*=[^;]*)*;|\w[\w ]*=[^;]*(;\s*\w[\w ]*=[^;]*)+")
_NAME = re.compile(r"[A-Za-z_.\[\] -]{1,40}")
_HEX = re.compile(r"[0-9a-f-]{16,}", re.IGNORECASE)
_BASE64 = re.compile(r"([A-Za-z0-9+/_-]{16,})(={0,2})")


def stand_ins(values: Mapping[str, str], secret_keys: Collection[str]) -> dict[str, str]:
    """What `values` looks like to somebody who may know none of them."""
    return {
        key: value
        if _is_choice(key, value, secret_keys)
        else stand_in(value, is_secret=key in secret_keys or looks_secret(key))
        for key, value in values.items()
    }


def _is_choice(key: str, value: str, secret_keys: Collection[str]) -> bool:
    return (
        key in _CHOICES
        and key not in secret_keys
        and len(value) <= 100
        and bool(re.fullmatch(_CHOICES[key], value))
    )


def stand_in(value: str, *, is_secret: bool) -> str:
    """Another value of the same shape. What plainly says nothing stays, but never under the key of
    a secret."""
    text = value.strip()
    if not text or (not is_secret and says_nothing(text)):
        return text
    if _NUMBER.fullmatch(text):
        return re.sub(r"\d", "1", text)
    for shape in (_json, _url, _list, _encoded, _pairs):
        if (made := shape(text)) is not None:
            return made
    return _word(text)


def says_nothing(text: str) -> bool:
    """Whether a value is no secret whatever its key: a switch, a small number, a log level, a
    dialect."""
    return bool(_PLAIN.fullmatch(text) or _SMALL_NUMBER.fullmatch(text))


def _json(text: str) -> str | None:
    if text[0] not in "[{":
        return None
    try:
        return json.dumps(_leaves(json.loads(text)))
    except (ValueError, RecursionError):
        return None


def _leaves(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_name(key): _leaves(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_leaves(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    return stand_in(value, is_secret=True) if isinstance(value, str) else 1


def _url(text: str) -> str | None:
    found = _URL.fullmatch(text)
    if found is None:
        return None
    user, at, host = found["authority"].rpartition("@")
    login = (f"{_WORD}:{_WORD}" if ":" in user else _WORD) + at if at else ""
    port = _PORT.search(host)
    where = NOWHERE + (port[0] if port else "") if host else ""
    return f"{found['scheme']}://{login}{where}{_path(found['rest'])}"


def _path(rest: str) -> str:
    """`/stand-in?key=stand-in`: a path of one part, and the query's keys."""
    path, _, query = rest.partition("#")[0].partition("?")
    named = "/" + _WORD if path.strip("/") else path
    return named + ("?" + "&".join(map(_query_part, query.split("&"))) if query else "")


def _query_part(part: str) -> str:
    key, equals, value = part.partition("=")
    if not equals:
        return _WORD if part else ""  # a query of one word is a value
    return f"{_name(key)}={value if says_nothing(value) else _WORD}"


def _name(key: str) -> str:
    """A key of somebody else's, where it is plainly a word."""
    return key if _NAME.fullmatch(key) else _WORD


def _list(text: str) -> str | None:
    if "," not in text:
        return None
    return ",".join(stand_in(part, is_secret=True) for part in text.split(","))


def _encoded(text: str) -> str | None:
    """Hex, a UUID, or Base64 of as many bytes."""
    if _HEX.fullmatch(text):
        return re.sub(r"[^-]", "0", text)
    if not text.startswith("/") and (found := _BASE64.fullmatch(text)):
        return "A" * len(found[1]) + found[2]
    return None


def _pairs(text: str) -> str | None:
    """`host=db user=app password=x`, `Server=db;Uid=app`."""
    separator = ";" if _ODBC.fullmatch(text) else " " if _LIBPQ.fullmatch(text) else ""
    if not separator:
        return None
    parts = text.split(";") if separator == ";" else text.split()
    return separator.join(
        f"{_name(part.partition('=')[0])}={_WORD}" if part.strip() else "" for part in parts
    )


def _word(text: str) -> str:
    if found := _HOST_AND_PORT.fullmatch(text):
        return f"{NOWHERE}:{found[1]}"
    if _MAIL.fullmatch(text):
        return f"{_WORD}@{NOWHERE}"
    if text.startswith("/"):
        return "/" + _WORD
    return (_WORD * (len(text) // len(_WORD) + 1))[: max(len(text), len(_WORD))]
