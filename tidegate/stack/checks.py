"""Whether one smoke check's answer is what the release must show. Pass, fail or error: unknown is
failure (P67-P69)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tidegate.facts import CheckResult
from tidegate.secrecy.outside_text import one_line
from tidegate.stack.login_form import login_form_in
from tidegate.stack.showing import SmokeCheck
from tidegate.versions import AS_FOUND, Commit, Version

MOST_REDIRECTS = 5
_SHOWN = 80
_GOOD, _BODILESS = range(200, 300), (204, 205)


@dataclass(frozen=True)
class Answer:
    """What came back for one request. `error` is set, and the rest empty, when nothing did."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    history: tuple[str, ...] = ()
    """Every URL that was asked, in order; the last one gave this answer."""
    error: str = ""


def evaluate(check: SmokeCheck, answer: Answer, version: Version) -> CheckResult:
    """Compare everything at once: the detail names each thing expected and what was found,
    shortened."""
    if trouble := answer.error or _redirect_trouble(answer.history):
        return CheckResult(check.name, "error", _short(trouble), answer.seconds)
    faults = list(_faults(check, answer, version))
    detail = "; ".join(faults or _proved(check, version))
    return CheckResult(check.name, "fail" if faults else "pass", detail, answer.seconds)


def value_at(document: Any, path: str) -> Any:
    """The value at a dotted path such as `items.0.id`. Raises KeyError when there is none."""
    for step in path.split("."):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            raise KeyError(path)
    return document


def _redirect_trouble(history: tuple[str, ...]) -> str:
    if len(set(history)) < len(history):
        return "redirects in a circle: " + " -> ".join(history)
    if len(history) - 1 > MOST_REDIRECTS:
        return f"more than {MOST_REDIRECTS} redirects, the last to {history[-1]}"
    return ""


def _faults(check: SmokeCheck, answer: Answer, version: Version) -> Iterator[str]:
    if answer.status != check.status:
        yield f"expected status {check.status}, found {answer.status}{_said(check, answer)}"
        return
    if answer.seconds > check.most_seconds:
        yield f"expected an answer within {check.most_seconds:g} s, found {answer.seconds:.2f} s"
    if not answer.body.strip():
        if _needs_body(check):
            yield "expected a body, found none"
        return
    if check.contains is not None and check.contains not in _text(answer):
        yield f"expected the text {_shown(check.contains)}, found {_found(check, answer)}"
    if check.login and check.login.by == "form" and login_form_in(_text(answer)):
        yield "expected to be let in, found the login form again"
    if check.json_fields or check.shows_version or _token_field(check):
        yield from _json_faults(check, answer, version)


def _proved(check: SmokeCheck, version: Version) -> Iterator[str]:
    """What a passed check has shown, for the person who decides by it."""
    yield f"status {check.status}"
    if check.contains is not None:
        yield f"shows {_shown(check.contains)}"
    yield from (f"{path} is {_shown(value)}" for path, value in check.json_fields.items())
    if check.login:
        yield "signed in"
    if check.shows_version:
        yield f"is {version.name}"


def _needs_body(check: SmokeCheck) -> bool:
    looks_inside = check.contains is not None or bool(check.json_fields) or check.shows_version
    return looks_inside or (check.status in _GOOD and check.status not in _BODILESS)


def _json_faults(check: SmokeCheck, answer: Answer, version: Version) -> Iterator[str]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        yield f"expected JSON, found {_found(check, answer)}"
        return
    for path, expected in check.json_fields.items():
        yield from _field_fault(document, path, expected, partial(_same, expected))
    if (place := _token_field(check)) and not _token(document, place):
        yield f"expected {place} to hold a token, found none"
    if check.shows_version and version.name != AS_FOUND:
        yield from _field_fault(
            document, "version", version.name, lambda found: _is_version(found, version)
        )
        if commit := version.commit:
            yield from _field_fault(
                document, "commit", commit.sha, lambda found: _is_commit_of(found, version)
            )


def _token_field(check: SmokeCheck) -> str | None:
    return check.login.token_field if check.login else None


def _field_fault(
    document: Any, path: str, expected: object, is_right: Callable[[Any], bool]
) -> Iterator[str]:
    try:
        found = value_at(document, path)
    except KeyError:
        yield f"expected {path} to be {_shown(expected)}, found no such field"
        return
    if not is_right(found):
        yield f"expected {path} to be {_shown(expected)}, found {_shown(found)}"


def _token(document: Any, path: str) -> bool:
    try:
        return bool(value_at(document, path))
    except KeyError:
        return False


def _same(expected: object, found: Any) -> bool:
    """JSON's own equality: `true` is not 1, and `1` is not `"1"`."""
    return isinstance(found, bool) == isinstance(expected, bool) and bool(found == expected)


def _is_version(found: Any, version: Version) -> bool:
    """`1.1.0` is `v1.1.0`. A release that is named by its commit may show any length of it."""
    if not isinstance(found, str):
        return False
    if version.commit and version.name.startswith("sha-"):
        return _is_commit(found.removeprefix("sha-"), version.commit)
    return found.removeprefix("v") == version.name.removeprefix("v")


def _is_commit(found: Any, commit: Commit) -> bool:
    return isinstance(found, str) and len(found) >= 7 and commit.sha.startswith(found.lower())


def _is_commit_of(found: Any, version: Version) -> bool:
    """What is built from a further repository shows the commit of that one."""
    return any(_is_commit(found, commit) for commit in version.commits.values())


def _said(check: SmokeCheck, answer: Answer) -> str:
    return f" ({_found(check, answer)})" if answer.body.strip() else ""


def _found(check: SmokeCheck, answer: Answer) -> str:
    return (
        "a body that is not shown, since it may hold a token"
        if check.login
        else _shown(_text(answer))
    )


def _text(answer: Answer) -> str:
    return answer.body.decode("utf-8", errors="replace")


def _shown(value: object) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return one_line(text, _SHOWN)
