"""A smoke check signs in as people do: by a form with a CSRF token and cookies, by basic auth, by a
bearer token."""

from __future__ import annotations

import base64
import http.server
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from urllib.parse import parse_qs

import pytest
from prefect.utilities.collections import visit_collection

from blocks.probes.smoke import SmokeRunner
from tests.integration.test_smoke import CREDENTIALS, PASSWORD, TOKEN, VERSION
from tidegate.facts import CheckResult
from tidegate.stack.login_form import login_form_in
from tidegate.stack.showing import Login, SmokeCheck

FORM = """<html><form action=/search><input name=q></form><form method="post" action="session">
<input type=hidden name=csrf value="c-42"><input name="user[mail]" type=email><INPUT name="user[pass]" type="password">
<button name=commit value="Sign in">go</button></form></html>"""
BASIC = "Basic " + base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
KEYS = {"username_key": "SMOKE_USER", "password_key": "SMOKE_PASSWORD"}


class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        signed = "session" in cookies and cookies["session"].value == "s-7"
        known = {
            "/basic": self.headers.get("Authorization") == BASIC,
            "/bearer": self.headers.get("Authorization") == f"Bearer {TOKEN}",
            "/account/home": signed,
        }
        if self.path == "/account/login":
            self.answer(200, FORM, **{"Set-Cookie": "pre=p-1; Secure; HttpOnly; Domain=shop.test"})
        elif self.path in known:
            self.answer(
                200 if known[self.path] else 401, "orders of Ann" if known[self.path] else FORM
            )
        else:
            self.answer(200, "anybody, with cookies" if cookies else "anybody")

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        right = {
            "csrf": ["c-42"],
            "user[mail]": ["ann"],
            "user[pass]": [PASSWORD],
            "commit": ["Sign in"],
        }
        is_browser = (self.headers["Origin"], self.headers["Referer"]) == (
            "https://shop.test",
            "https://shop.test/account/login",
        )
        good = sent == right and is_browser and "pre=p-1" in self.headers.get("Cookie", "")
        if self.path != "/account/session" or not good:
            self.answer(200, FORM)
            return
        self.answer(302, "", Location="home", **{"Set-Cookie": "session=s-7; Secure; Path=/"})

    def answer(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(address: str, *checks: SmokeCheck, **credentials: str) -> list[CheckResult]:
    known = {**CREDENTIALS, "API_TOKEN": TOKEN, **credentials}
    return SmokeRunner(
        address, "shop.test", VERSION, known, headers={"X-Forwarded-Proto": "https"}
    ).run(checks)


def checks(login: Login, path: str) -> tuple[SmokeCheck, ...]:
    return (
        SmokeCheck(name="orders", path=path, signed_in=True, contains="orders of Ann"),
        SmokeCheck(name="login", login=login),
        SmokeCheck(name="anybody", contains="anybody"),
    )


WAYS = {
    "form": (Login(by="form", path="/account/login", **KEYS), "/account/home"),
    "basic": (Login(by="basic", path="/basic", **KEYS), "/basic"),
    "bearer": (Login(by="bearer", path="/bearer", token_key="API_TOKEN"), "/bearer"),
}


@pytest.mark.parametrize(("login", "path"), WAYS.values(), ids=WAYS)
def test_who_signed_in_sees_what_is_only_for_them(
    application: str, login: Login, path: str
) -> None:
    results = run(application, *checks(login, path))
    assert [(one.name, one.outcome) for one in results] == [
        ("orders", "pass"),
        ("login", "pass"),
        ("anybody", "pass"),
    ], results
    assert "signed in" in results[1].detail


@pytest.mark.parametrize(("login", "path"), WAYS.values(), ids=WAYS)
def test_a_wrong_password_fails_and_nothing_signed_in_can_pass(
    application: str, login: Login, path: str
) -> None:
    orders, tried, anybody = run(
        application, *checks(login, path), SMOKE_PASSWORD="wrong-word", API_TOKEN="wrong-token"
    )
    assert (tried.outcome, orders.outcome, anybody.outcome) == ("fail", "error", "pass")
    assert "wrong-word" not in repr((orders, tried)) + "".join((orders.detail, tried.detail))


def test_prefect_can_look_through_a_login(application: str) -> None:
    """It takes what has `keys` for a mapping."""
    for login, _ in WAYS.values():
        assert visit_collection(login, visit_fn=lambda part: part, return_data=True) == login


def test_a_form_that_comes_again_is_no_login(application: str) -> None:
    _, tried, _ = run(application, *checks(*WAYS["form"]), SMOKE_PASSWORD="wrong-word")
    assert tried.detail == "expected to be let in, found the login form again"


def test_a_page_that_lets_everybody_in_proves_no_login(application: str) -> None:
    login = Login(by="basic", path="/open", **KEYS)
    [tried] = run(application, SmokeCheck(name="login", login=login))
    assert (tried.outcome, tried.detail) == (
        "error",
        "/open answers 200 to who has not signed in, too: it proves no login",
    )


def test_a_page_without_a_form_is_said(application: str) -> None:
    [tried] = run(
        application, SmokeCheck(name="login", login=Login(by="form", path="/open", **KEYS))
    )
    assert tried.detail == "/open answers 200 and shows no form with a name and a password"


def test_one_check_has_no_cookies_of_another(application: str) -> None:
    page = SmokeCheck(name="page", path="/account/login", contains="csrf")
    assert [
        one.outcome
        for one in run(application, page, SmokeCheck(name="home", contains="anybody, with"))
    ] == ["pass", "fail"]


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<form><input type=password name=p></form>",
        "<form><input name=u></form>",
        "<form",
        "<input name=a>",
    ],
)
def test_what_is_no_login_form_is_none(page: str) -> None:
    assert login_form_in(page) is None


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"by": "form", **KEYS, "token_field": "x"}, "by form nothing reads token_field"),
        ({"by": "bearer"}, "by bearer needs token_key"),
        ({"by": "basic", "username_key": "A"}, "by basic needs password_key"),
    ],
)
def test_a_login_says_what_its_way_needs_and_nothing_else(said: dict[str, str], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Login.model_validate({"path": "/", **said})
