"""P65-P69, R24: an answer passes only when it shows what the release must show; unknown is
failure."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.stack.checks import Answer, evaluate, value_at
from tidegate.stack.showing import Login, SmokeCheck
from tidegate.versions import Commit, Version

SHA = "19b9b98" + "a" * 33
VERSION = Version("v1.1.0", Commit(SHA, "feat: bills", "Ann", datetime(2026, 1, 1, tzinfo=UTC)))
OK = Answer(status=200, body=b"<h1>CloudLens</h1>", seconds=0.1, history=("http://x/",))


def check(**parts: Any) -> SmokeCheck:
    return SmokeCheck.model_validate({"name": "page", **parts})


def answer(body: object = None, **parts: Any) -> Answer:
    return replace(OK, **{"body": OK.body if body is None else json.dumps(body).encode(), **parts})


def detail(checked: SmokeCheck, given_answer: Answer, outcome: str = "fail") -> str:
    result = evaluate(checked, given_answer, VERSION)
    assert (result.name, result.outcome) == ("page", outcome)
    return result.detail


def test_an_answer_that_shows_everything_passes_and_says_what_was_proved() -> None:
    everything = check(
        contains="Bills", json_fields={"items.0.id": 7, "ok": True, "sum": 1.5}, shows_version=True
    )
    body = {
        "title": "Bills",
        "items": [{"id": 7}],
        "ok": True,
        "sum": 1.5,
        "version": "1.1.0",
        "commit": SHA,
    }
    assert detail(everything, answer(body), "pass") == (
        'status 200; shows "Bills"; items.0.id is 7; ok is true; sum is 1.5; is v1.1.0'
    )


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"status": 503, "body": b"no database"}, 'expected status 200, found 503 ("no database")'),
        ({"status": 302, "body": b""}, "expected status 200, found 302"),
        ({"seconds": 10.5}, "expected an answer within 10 s, found 10.50 s"),
        ({"body": b" \n"}, "expected a body, found none"),
    ],
)
def test_an_answer_that_is_wrong_slow_or_empty_fails(parts: Any, said: str) -> None:
    assert detail(check(), replace(OK, **parts)) == said


def test_an_empty_body_is_right_where_none_is_due_and_wrong_where_something_was_to_be_seen() -> (
    None
):
    empty = replace(OK, body=b"")
    assert detail(check(status=204), replace(empty, status=204), "pass")
    assert detail(check(status=302), replace(empty, status=302), "pass")
    assert (
        detail(check(status=302, contains="x"), replace(empty, status=302))
        == "expected a body, found none"
    )


def test_a_missing_marker_text_fails_with_what_was_there_instead() -> None:
    said = detail(check(contains="Bills"), answer(body=None))
    assert said == 'expected the text "Bills", found "<h1>CloudLens</h1>"'


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"items.0.id": 8}, "expected items.0.id to be 8, found 7"),
        ({"items.1.id": 7}, "expected items.1.id to be 7, found no such field"),
        ({"items.x": 7}, "expected items.x to be 7, found no such field"),
        ({"items.-1.id": 7}, "expected items.-1.id to be 7, found no such field"),
        ({"total.deep": 1}, "expected total.deep to be 1, found no such field"),
        ({"total": "7"}, 'expected total to be "7", found 7'),
        ({"total": True}, "expected total to be true, found 7"),
        ({"one": True}, "expected one to be true, found 1"),
        ({"yes": 1}, "expected yes to be 1, found true"),
        ({"none": "x"}, 'expected none to be "x", found null'),
    ],
)
def test_a_field_that_is_missing_or_different_is_a_failure_not_an_error(
    fields: Any, said: str
) -> None:
    body = {"items": [{"id": 7}], "total": 7, "one": 1, "yes": True, "none": None}
    assert detail(check(json_fields=fields), answer(body)) == said


def test_a_page_instead_of_json_is_a_failure() -> None:
    said = detail(check(json_fields={"ok": True}), OK)
    assert said == 'expected JSON, found "<h1>CloudLens</h1>"'


@pytest.mark.parametrize(
    ("version", "commit", "outcome"),
    [
        ("v1.1.0", SHA, "pass"),
        ("1.1.0", SHA[:7], "pass"),
        ("1.1.0", SHA.upper(), "pass"),
        ("v1.0.0", SHA, "fail"),
        ("v1.1.0", "f" * 40, "fail"),
        ("v1.1.0", "19b9b9", "fail"),
        ("v1.1.0", "", "fail"),
        (1.1, SHA, "fail"),
        ("v1.1.0", None, "fail"),
        ("vv1.1.0", SHA, "fail"),
    ],
)
def test_the_released_version_and_commit_must_be_the_ones_that_answer(
    version: object, commit: object, outcome: str
) -> None:
    assert detail(
        check(shows_version=True), answer({"version": version, "commit": commit}), outcome
    )


@pytest.mark.parametrize("shown", ["sha-19b9b98", "19b9b98", SHA])
def test_a_release_named_by_its_commit_may_show_any_length_of_it(shown: str) -> None:
    by_commit = replace(VERSION, name="sha-19b9b98")
    result = evaluate(
        check(shows_version=True), answer({"version": shown, "commit": SHA}), by_commit
    )
    assert result.outcome == "pass"


def test_a_version_that_is_not_shown_fails_by_both_names() -> None:
    said = detail(check(shows_version=True), answer({}))
    assert said == (
        'expected version to be "v1.1.0", found no such field; '
        f'expected commit to be "{SHA}", found no such field'
    )


def test_no_answer_and_endless_redirects_are_errors() -> None:
    assert detail(check(), Answer(error="connection refused"), "error") == "connection refused"
    circle = replace(OK, history=("http://x/a", "http://x/b", "http://x/a"))
    assert (
        detail(check(), circle, "error")
        == "redirects in a circle: http://x/a -> http://x/b -> http://x/a"
    )
    many = replace(OK, history=tuple(f"http://x/{n}" for n in range(7)))
    assert detail(check(), many, "error") == "more than 5 redirects, the last to http://x/6"
    assert detail(check(), replace(OK, history=many.history[:6]), "pass")


def test_all_differences_are_named_at_once() -> None:
    both = check(contains="Bills", json_fields={"ok": True}, most_seconds=0.05)
    assert detail(both, answer({"ok": False})).count("expected") == 3


LOGIN = Login(path="/login", username_key="U", password_key="P", token_field="token").model_dump()


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": None}, ["token"]])
def test_a_login_without_a_token_is_a_failure(body: object) -> None:
    assert detail(check(login=LOGIN), answer(body)) == "expected token to hold a token, found none"
    assert detail(check(login=LOGIN), answer({"token": "t"}), "pass")


def test_the_body_of_a_login_is_never_shown() -> None:
    login = check(login=LOGIN, contains="welcome")
    for body in (answer({"token": "hunter22"}), answer({"token": "hunter22"}, status=500)):
        assert "hunter22" not in detail(login, body)


def test_long_findings_are_shortened() -> None:
    assert len(detail(check(contains="x"), answer("y" * 5000))) < 130


def test_what_is_found_can_always_be_stored() -> None:
    said = detail(check(json_fields={"a": "b"}), replace(OK, body=b'{"a": "\\ud800"}'))
    assert said.encode()


@given(st.binary(max_size=200), st.integers(100, 599))
def test_whatever_comes_back_is_judged(body: bytes, status: int) -> None:
    strict = check(contains="x", json_fields={"a.0": 1}, shows_version=True)
    assert evaluate(strict, replace(OK, body=body, status=status), VERSION).outcome == "fail"


def test_a_value_is_found_by_its_dotted_path() -> None:
    assert value_at({"a": [{"b": None}]}, "a.0.b") is None
    with pytest.raises(KeyError):
        value_at([], "0")
