"""Which requests are refused before any password is looked at: by name, origin and kind of body. No
server is needed."""

from __future__ import annotations

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope

from cli.door import behind_door
from tidegate.settings import Settings

HERE = "http://127.0.0.1:4200"
TAKEN = 299
JSON = ("Content-Type", "application/json")


def answer(
    *headers: tuple[str, str],
    method: str = "GET",
    path: str = "/api",
    kind: str = "http",
    host: str = "localhost",
) -> int:
    """The status of the door's refusal, or TAKEN when the request came to the app behind it."""
    return int(sent_for(*headers, method=method, path=path, kind=kind, host=host)["status"])


def sent_for(
    *headers: tuple[str, str],
    method: str = "GET",
    path: str = "/api",
    kind: str = "http",
    host: str = "localhost",
) -> Message:
    """How the answer begins."""
    settings = Settings(
        prefect_port=4200, ui_addresses="https://tidegate.example.com, http://10.0.0.7:4200"
    )
    raw = [(name.lower().encode(), value.encode()) for name, value in (("Host", host), *headers)]
    scope: Scope = {
        "type": kind,
        "path": path,
        "headers": raw,
        "query_string": b"",
        "extensions": {"websocket.http.response": {}},
        **({"method": method} if kind == "http" else {}),
    }
    sent: list[Message] = []

    async def ask() -> None:
        app = behind_door(PlainTextResponse("taken", TAKEN), settings.ui_origins)
        await app(scope, receive, send)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(ask())
    return sent[0]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4200",
        "localhost:4200",
        "LOCALHOST",
        "127.0.0.1:14200",
        "tidegate.example.com",
        "10.0.0.7:4200",
    ],
)
def test_the_names_of_this_machine_and_of_the_team_are_answered(host: str) -> None:
    assert answer(host=host) == answer(host=host, kind="websocket") == TAKEN


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4200",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example@127.0.0.1",
        "www.localhost",
        "tidegate.example.com.",
        "",
        "[::1]:4200",
        "127.0.0.1:evil",
        "0.0.0.0:4200",
        "127.1",
        "*",
    ],
)
def test_any_other_name_is_refused(host: str) -> None:
    assert answer(host=host) == answer(host=host, kind="websocket") == 400


@pytest.mark.parametrize(
    "origin",
    [HERE, "http://localhost:4200", "https://tidegate.example.com", "http://10.0.0.7:4200"],
)
def test_pages_of_our_own_may_ask(origin: str) -> None:
    assert answer(("Origin", origin), JSON, ("Content-Length", "2"), method="POST") == TAKEN
    assert answer(("Origin", origin), kind="websocket") == TAKEN


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "https://127.0.0.1:4200",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://localhost:4200.evil.example",
        f"{HERE}/",
        f"{HERE} http://x",
        "http://tidegate.example.com",
        "https://sub.tidegate.example.com",
    ],
)
def test_a_page_of_another_origin_is_refused_whatever_it_asks(origin: str) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        assert answer(("Origin", origin), JSON, method=method) == 403
    assert answer(("Origin", origin), kind="websocket") == 403


def test_an_address_with_its_usual_port_is_what_browsers_say_without_it() -> None:
    settings = Settings(
        prefect_port=1,
        ui_addresses="https://a.example.com:443,http://a.example.com:80,http://b.example.com:443",
    )
    assert settings.ui_origins[2:] == (
        "https://a.example.com",
        "http://a.example.com",
        "http://b.example.com:443",
    )


def test_two_origins_at_once_are_refused() -> None:
    assert answer(("Origin", HERE), ("Origin", "http://evil.example")) == 403


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "text/json",
        "application/json, text/plain",
        "",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_body_that_is_not_declared_as_json_changes_nothing(method: str, kind: str) -> None:
    assert answer(("Content-Type", kind), ("Content-Length", "2"), method=method) == 415


@pytest.mark.parametrize("size", [("Content-Length", "2"), ("Transfer-Encoding", "chunked")])
def test_a_body_without_a_declaration_or_with_two_changes_nothing(size: tuple[str, str]) -> None:
    assert answer(size, method="POST") == 415
    assert answer(size, JSON, ("Content-Type", "text/plain"), method="POST") == 415


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_json_is_taken_and_so_is_no_body_at_all(kind: str) -> None:
    assert answer(("Content-Type", kind), ("Content-Length", "2"), method="POST") == TAKEN
    assert answer(("Content-Length", "0"), method="POST") == answer(method="POST") == TAKEN


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_pages_that_describe_the_api_are_not_served(path: str) -> None:
    assert answer(path=path) == 404


@pytest.mark.parametrize(
    "addresses",
    [
        "*",
        "tidegate.example.com",
        "https://*.example.com",
        "https://a.example.com/x",
        "https://a.example.com,*",
        "http://user@a.example.com",
        "ftp://a.example.com",
        "HTTPS://A.example.com",
        "https://a b",
        "http://",
    ],
)
def test_an_address_that_would_let_in_more_than_one_is_refused(addresses: str) -> None:
    with pytest.raises(ValueError, match="must be addresses such as https://"):
        Settings(ui_addresses=addresses)


@pytest.mark.parametrize(
    ("path", "host"), [("/", "localhost"), ("/docs", "localhost"), ("/api", "127.0.0.1:4200")]
)
def test_no_page_may_be_shown_in_a_frame_or_load_from_elsewhere(path: str, host: str) -> None:
    policy = dict(sent_for(path=path, host=host)["headers"])[b"content-security-policy"].decode()
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["frame-ancestors"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert rules["default-src"] == "'self'"
    assert rules["script-src"] == "'self' 'unsafe-eval'"  # no script that stands in a page itself
