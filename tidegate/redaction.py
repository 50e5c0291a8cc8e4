"""A secret's value appears nowhere: texts pass through a Redactor before they are stored, shown or sent (P36)."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote

MASK = "***"
_SECRET_KEY = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|(^|_)(PASS|PWD|KEY|APIKEY|DSN)(_|$)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/@:]*:([^\s/@]+)@", re.IGNORECASE)
_SHORTEST = 4
_SHORTEST_LINE = 12
_SHORTEST_BASE64 = 8


def looks_secret(key: str) -> bool:
    """Whether a key's name says that its value is secret: `MYSQL_PASSWORD`, `OCR_SERVICE_KEY`, `SENTRY_DSN`."""
    return _SECRET_KEY.search(key) is not None


def secret_parts(value: str) -> set[str]:
    """Passwords inside URLs in `value`, as written and as meant."""
    found = {match[1] for match in _URL_PASSWORD.finditer(value)}
    return found | {unquote(password) for password in found}


def holds_secret(key: str, value: str) -> bool:
    """Whether a value is secret, or part of it: by its key's name, or by a password inside a URL."""
    return looks_secret(key) or bool(secret_parts(value))


class Redactor:
    """Replaces the secret ones of `values` by `***`, in each form they take in logs. Values under 4 characters stay.

    Secret is what a key's name says, what `secret_keys` names, and a password inside a URL under any key.
    """

    def __init__(self, values: Mapping[str, str], secret_keys: Collection[str] = ()) -> None:
        forms = {form for key, value in values.items()
                 for secret in _secrets(key, value, secret_keys) for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def redact(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern else text


def _secrets(key: str, value: str, secret_keys: Collection[str]) -> set[str]:
    whole = {value} if key in secret_keys or looks_secret(key) else set()
    return {part for part in whole | secret_parts(value) if len(part.strip()) >= _SHORTEST}


def _forms(secret: str) -> Iterator[str]:
    """As it is, in a URL, in a form, in JSON, in a compose file, and line by line as loggers print it."""
    yield from (secret, secret.strip(), quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
    yield secret.replace("$", "$$")
    yield from (form for form in _base64_forms(secret.encode()) if len(form) >= _SHORTEST_BASE64)
    yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_LINE)


def _base64_forms(secret: bytes) -> Iterator[str]:
    """What stays the same of it inside any longer text in Base64, as in `Authorization: Basic`: one form per alignment."""
    for lead in range(3):
        known = len(secret) + lead
        encoded = b64encode(bytes(lead) + secret)[-(-lead * 4 // 3):known * 4 // 3]
        yield from (encoded.decode(), encoded.translate(bytes.maketrans(b"+/", b"-_")).decode())
