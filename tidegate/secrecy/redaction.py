"""A secret's value appears nowhere: texts pass through a Redactor before they are cut, stored,
shown or sent (P36)."""

from __future__ import annotations

import contextlib
import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tidegate.facts import ComposeModel
from tidegate.secrecy.plain_values import HIDES_NOTHING, SHORTEST, is_plain, secret_parts
from tidegate.secrecy.unescaped import quiet, views

MASK = "***"
_SHORTEST_LINE = 12
_SHORTEST_ENCODED = 8
_WORD_LENGTH = 8
# too long for a name, and with digits
_TOKEN = r"(?P<{}>(?=[^\s/@:\"'<>]{{0,100}}\d)[^\s/@:\"'<>]{{16,300}})"
_PLACES = re.compile(  # where a credential stands in any text, whosever it is
    r"(?<=://)(?:"
    + _TOKEN.format("user")
    + r"|[^\s/@:\"'<>]{0,100}):(?P<url>[^\s/@\"'<>]{1,300})(?=@)|"
    r"(?<=://)" + _TOKEN.format("token") + r"(?=@)|"
    r"(?:password|passwd|passphrase|pwd|secret|token|api_?key)[\"']?=[\"']?"
    r"(?P<pair>[^\s\"'&;,]{1,300})|"
    r"\"[\w.-]{0,40}(?:password|passwd|secret|token|api_?key)\"\s{0,2}:\s{0,2}\""
    r"(?P<json>[^\"\\]{1,300})\"",
    re.IGNORECASE,
)
Span = tuple[int, int]


class Needle(NamedTuple):
    """What is looked for: the inside of a secret. Up to three characters on both sides may be cut
    off or changed."""

    core: str
    before: str
    after: str
    alone: bool
    """A short word is hidden only where it stands alone: `shop` in `shop refused`, not in
    `workshop`."""


class Redactor:
    """Replaces the secret ones of `values` by `***`, in whatever escapes they stand. Values under 4
    characters stay.

    Each value is secret that is not plainly none; `secret_keys` names those that are secret in any
    case, `names` what everybody reads anyway. What it has learnt it does not forget. Not in it:
    pieces of a secret, and what a program compresses or encrypts.
    """

    def __init__(
        self,
        values: Mapping[str, str] | None = None,
        secret_keys: Collection[str] = (),
        names: Collection[str] = (),
    ) -> None:
        self._needles: dict[Needle, None] = {}
        self._names: set[str] = set()
        self.learn(values or {}, secret_keys, names)

    def learn(
        self,
        values: Mapping[str, str],
        secret_keys: Collection[str] = (),
        names: Collection[str] = (),
    ) -> None:
        self._names.update(name.lower() for name in names)
        for key, value in values.items():
            for secret in _secrets(key, value, secret_keys, self._names):
                self._needles.update(dict.fromkeys(_needles(secret)))

    def learn_model(self, model: ComposeModel) -> None:
        """What the compose files and their `env_file:` set beside the stack's own env file."""
        for service in model.get("services", {}).values():
            given = service.get("environment") or {}
            self.learn({key: str(value) for key, value in given.items() if value is not None})

    def learn_from(self, other: Redactor) -> None:
        self._names |= other._names
        self._needles |= other._needles

    def redact(self, text: str) -> str:
        """Takes time in proportion to the text, whatever stands in it."""
        spans = [
            span for match in _PLACES.finditer(text) for span in match.regs[1:] if span[0] >= 0
        ]
        for view in views(text) if self._needles else ():
            spans += map(view.origin, _found(view.text, self._needles, self._names))
        return _masked(text, spans) if spans else text


_PROCESS = Redactor()


def learn(values: Mapping[str, str], secret_keys: Collection[str] = ()) -> None:
    """What is secret for the rest of this process. Told by whoever reads a secret."""
    _PROCESS.learn(values, secret_keys)


def remember(redactor: Redactor) -> None:
    """The same: all that `redactor` knows."""
    _PROCESS.learn_from(redactor)


def redact(text: str) -> str:
    """`text` without the value of any secret that this process has learnt: for what belongs to no
    one environment, such as errors and logs."""
    return _PROCESS.redact(text)


def _secrets(
    key: str, value: str, secret_keys: Collection[str], names: Collection[str]
) -> set[str]:
    parts = secret_parts(value)
    if key in secret_keys or not is_plain(key, value, names):
        parts |= {value, value.strip(), *_long_lines(value)}
        parts |= {
            piece
            for piece in _pieces(value)
            if len(piece) >= _WORD_LENGTH and not is_plain("", piece, names)
        }
    return {
        part
        for part in parts
        if len(part.strip()) >= SHORTEST and part.strip().lower() not in {*names, *HIDES_NOTHING}
    }


def _long_lines(value: str) -> Iterator[str]:
    """Loggers print line by line. The first and last line of a key file are no secret."""
    lines = [line.strip() for line in value.splitlines()]
    return (line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----"))


def _pieces(value: str) -> Iterator[str]:
    """What stands in a list of secrets, behind a user's name, and in a JSON document such as a
    service account's."""
    yield from (piece.strip() for piece in re.split(r"[,;\n]", value))
    if value.count(":") == 1:
        yield value.partition(":")[2].strip()
    if value.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            yield from _texts_in(json.loads(value))


def _texts_in(document: Any) -> Iterator[str]:
    match document:
        case str():
            yield document
        case dict():
            yield from (text for inner in document.values() for text in _texts_in(inner))
        case list():
            yield from (text for inner in document for text in _texts_in(inner))


def _needles(secret: str) -> Iterator[Needle]:
    alone = len(secret) < _WORD_LENGTH and (secret.isalpha() or secret.isdigit())
    for view in views(secret):
        if len(view.text) >= SHORTEST:
            yield _needle(view.text, alone=alone)
    octets = secret.encode(errors="replace")
    for encoded in {*_base64_forms(octets), octets.hex()}:
        if len(encoded) >= _SHORTEST_ENCODED:
            yield Needle(quiet(encoded), "", "", False)


def _needle(text: str, *, alone: bool) -> Needle:
    edge = max(0, min(3, (len(text) - 6) // 2))
    return Needle(text[edge : len(text) - edge], text[:edge], text[len(text) - edge :], alone)


def _base64_forms(secret: bytes) -> Iterator[str]:
    """What stays the same of it inside any longer text in Base64, as in `Authorization: Basic`: one
    form per alignment."""
    for lead in range(3):
        known = len(secret) + lead
        encoded = b64encode(bytes(lead) + secret)[-(-lead * 4 // 3) : known * 4 // 3]
        yield from (encoded.decode(), encoded.translate(bytes.maketrans(b"+/", b"-_")).decode())


def _found(text: str, needles: Iterable[Needle], names: Collection[str]) -> Iterator[Span]:
    """A name of which a secret is longer is no part of it."""
    for needle in needles:
        at = text.find(needle.core)
        while at >= 0:
            end = at + len(needle.core)
            if not needle.alone or _stands_alone(text, at, end):
                first = at - _same_before(text, at, needle.before)
                last = end + _same_after(text, end, needle.after)
                is_whole = last - first == sum(map(len, (needle.before, needle.core, needle.after)))
                if is_whole or text[first:last].lower() not in names:
                    yield first, last
            at = text.find(needle.core, end)


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()


def _same_before(text: str, at: int, wanted: str) -> int:
    return next(
        (n for n in range(len(wanted), 0, -1) if n <= at and text[at - n : at] == wanted[-n:]), 0
    )


def _same_after(text: str, end: int, wanted: str) -> int:
    return next((n for n in range(len(wanted), 0, -1) if text[end : end + n] == wanted[:n]), 0)


def _masked(text: str, spans: list[Span]) -> str:
    parts, done, last = [], 0, -1
    for start, end in sorted(spans):
        if start > last:
            parts += [text[done:start], MASK]
        done = last = max(last, end)
    return "".join([*parts, text[done:]])
