"""Smoke checks compare what really comes back, sign in really, and can fail in every way."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocks.edges.traefik.container import EdgeAddresses
from blocks.edges.traefik.edge import TraefikEdge
from blocks.probes.smoke import SmokeRunner
from tests.integration.edge_fixtures import *  # noqa: F403
from tests.integration.edge_fixtures import DOMAIN, StartBackend, route, target
from tidegate.edge.facts import Served
from tidegate.edge.headers import headers_for
from tidegate.errors import EdgeError
from tidegate.facts import CheckResult
from tidegate.stack.showing import Login, SmokeCheck
from tidegate.versions import Commit, Version

PASSWORD = "correct horse battery"
TOKEN = "token-7f3a"
VERSION = Version("v1.1.0", Commit("a" * 40, "Add bills", "Ann", datetime(2026, 1, 1, tzinfo=UTC)))
CREDENTIALS = {"SMOKE_USER": "ann", "SMOKE_PASSWORD": PASSWORD}
LOGIN = Login(
    path="/login", username_key="SMOKE_USER", password_key="SMOKE_PASSWORD", token_field="token"
)
REDIRECTS = {
    "/old": "/page",
    "/absolute": "http://www.elsewhere.test/page?from=absolute",
    "/a": "/b",
    "/b": "/a",
    "/itself": "/itself",
    "/away": "http://[",
    "/with-token": "/with-token?token=secret-in-query",
    **{f"/step{n}": f"/step{n + 1}" for n in range(9)},
}


class App(http.server.BaseHTTPRequestHandler):
    """A small application with a login, a page for those who signed in, redirects, and a slow
    page."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in REDIRECTS:
            self.answer(302, "", {"Location": REDIRECTS[path]})
        elif path == "/bills" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, "who are you")
        elif path == "/version":
            self.answer(200, json.dumps({"version": "v1.1.0", "commit": "a" * 40}))
        elif path == "/drip":
            self.drip()
        elif path == "/broken":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            self.close_connection = True
        elif path == "/nobody":
            self.close_connection = True
        else:
            self.answer(200, f"page {path} for {self.headers['Host']}")

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = sent == {"username": "ann", "password": PASSWORD}
        self.answer(
            200 if known else 403, json.dumps({"token": TOKEN if self.path == "/login" else ""})
        )

    def answer(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(30):
            self.wfile.write(b".")
            time.sleep(0.1)
        self.close_connection = True

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the runner left, as it must, in the middle of /drip
            self.close_connection = True

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    """The address of the running application."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(
    address: str, *checks: SmokeCheck, credentials: dict[str, str] | None = None
) -> list[CheckResult]:
    return SmokeRunner(
        address, "shop.test", VERSION, CREDENTIALS if credentials is None else credentials
    ).run(checks)


def outcome(address: str, check: SmokeCheck) -> tuple[str, str]:
    (result,) = run(address, check)
    return result.outcome, result.detail


def test_marker_and_version_pass_and_the_host_header_is_sent(application: str) -> None:
    results = run(
        application,
        SmokeCheck(name="home", contains="page / for shop.test"),
        SmokeCheck(name="version", path="/version", shows_version=True),
    )
    assert [(result.name, result.outcome) for result in results] == [
        ("home", "pass"),
        ("version", "pass"),
    ]


def test_a_missing_marker_and_a_wrong_status_fail(application: str) -> None:
    assert outcome(application, SmokeCheck(name="home", contains="welcome back"))[0] == "fail"
    assert outcome(application, SmokeCheck(name="bills", path="/bills"))[0] == "fail"


def test_the_login_runs_first_and_its_token_is_passed_on(application: str) -> None:
    results = run(
        application,
        SmokeCheck(name="bills", path="/bills", signed_in=True, contains="page /bills"),
        SmokeCheck(name="login", login=LOGIN),
    )
    assert [(result.name, result.outcome) for result in results] == [
        ("bills", "pass"),
        ("login", "pass"),
    ]


@pytest.mark.parametrize(
    "credentials", [{}, {"SMOKE_USER": "ann", "SMOKE_PASSWORD": "wrong"}], ids=["none", "wrong"]
)
def test_without_a_login_that_succeeds_nothing_signed_in_can_pass(
    application: str, credentials: dict[str, str]
) -> None:
    login, bills = run(
        application,
        SmokeCheck(name="login", login=LOGIN),
        SmokeCheck(name="bills", path="/bills", signed_in=True),
        credentials=credentials,
    )
    assert login.outcome != "pass"
    assert (bills.outcome, bills.detail) == (
        "error",
        "not asked, because the login before it did not succeed",
    )


def test_a_login_that_gives_no_token_fails(application: str) -> None:
    login = LOGIN.model_copy(update={"path": "/login-without-token"})
    assert outcome(application, SmokeCheck(name="login", login=login)) == (
        "fail",
        "expected token to hold a token, found none",
    )


def test_redirects_are_followed_on_the_tested_host(application: str) -> None:
    assert (
        outcome(application, SmokeCheck(name="old", path="/old", contains="page /page"))[0]
        == "pass"
    )
    absolute = SmokeCheck(name="absolute", path="/absolute", contains="page /page for shop.test")
    assert outcome(application, absolute)[0] == "pass"
    assert outcome(application, SmokeCheck(name="moved", path="/old", status=302))[0] == "pass"


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/a", "redirects in a circle: /a -> /b -> /a"),
        ("/itself", "redirects in a circle: /itself -> /itself"),
        ("/step0", "more than 5 redirects, the last to /step6"),
        ("/away", "it redirects to what is no address"),
        ("/broken", "the connection broke before the answer ended"),
    ],
)
def test_what_is_no_answer_is_an_error_with_a_plain_reason(
    application: str, path: str, detail: str
) -> None:
    assert outcome(application, SmokeCheck(name="odd", path=path)) == ("error", detail)


def test_an_answer_that_never_ends_is_an_error_within_the_deadline(application: str) -> None:
    assert outcome(application, SmokeCheck(name="drip", path="/drip", most_seconds=0.2)) == (
        "error",
        "no whole answer in 1.2 s",
    )


def test_where_nobody_listens_it_is_the_edges_fault_and_no_checks() -> None:
    with pytest.raises(EdgeError, match="takes no connection") as away:
        outcome("http://127.0.0.1:1", SmokeCheck(name="home"))
    assert away.value.retryable


def test_a_connection_that_ends_unanswered_is_the_edges_fault_too(application: str) -> None:
    """As a port forwarder ends it that finds nobody behind it."""
    with pytest.raises(EdgeError, match="takes no connection"):
        outcome(application, SmokeCheck(name="nobody", path="/nobody"))


def test_no_secret_is_shown_in_details_or_representations(application: str) -> None:
    runner = SmokeRunner(application, "shop.test", VERSION, CREDENTIALS)
    results = runner.run(
        [
            SmokeCheck(name="login", login=LOGIN.model_copy(update={"path": "/step0"})),
            SmokeCheck(name="login again", login=LOGIN, contains="a marker that is not there"),
            SmokeCheck(name="loop", path="/with-token"),
        ]
    )
    assert {result.outcome for result in results} & {"fail", "error"}
    shown = f"{runner!r} {results!r}"
    assert not [secret for secret in (PASSWORD, TOKEN, "secret-in-query") if secret in shown]


def test_a_slot_is_checked_at_its_own_address_while_another_serves(
    running_edge: tuple[EdgeAddresses, Path], start_backend: StartBackend
) -> None:
    addresses, folder = running_edge
    edge = TraefikEdge(
        config_directory=folder, public_url=addresses.public_url, check_url=addresses.check_url
    )
    edge.apply(route(target(1, start_backend(1)), candidate=target(2, start_backend(2))))
    check = SmokeCheck(name="api", path="/api/overview", json_fields={"version": "v2"})
    at_slot = headers_for(https=False, slot=Served("shop", "prod", 2))
    slot = SmokeRunner(addresses.check_url, DOMAIN, VERSION, headers=at_slot).run([check])
    public = SmokeRunner(addresses.public_url, DOMAIN, VERSION).run([check])
    assert (slot[0].outcome, public[0].outcome) == ("pass", "fail")
    with pytest.raises(EdgeError, match="knows no route"):
        SmokeRunner(addresses.public_url, "elsewhere.test", VERSION).run([check])
