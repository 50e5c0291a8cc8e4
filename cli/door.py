"""Refuse requests by their host name, origin and kind of body, before a secret is looked at.

A browser sends requests for whoever wrote the page that it shows. A page of another origin must
not reach us: not by its own name (Origin), not by a name that its owner has turned towards this
machine (Host), and not by JSON that is declared as plain text, which browsers send unasked.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",  # the graph of a run and the colours are made so
        "style-src 'self' 'unsafe-inline'",  # the UI's own components place themselves so
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""What a page of the UI may load and ask: this server alone. No page may put it into a frame."""
DESCRIPTIONS = frozenset({"/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})
"""FastAPI's pages about an app, which it shows to everybody."""


def behind_door(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """`app`, which answers only by the host names of `origins`, and of pages only to theirs.

    Programs send no Origin; they are let through to whatever `app` asks of them.
    """
    hosts = [str(urlsplit(origin).hostname) for origin in origins]
    return TrustedHostMiddleware(Door(app, origins), allowed_hosts=hosts, www_redirect=False)


class Door:
    """Refuses other origins, bodies that are not JSON, and the pages that describe the app."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app, self._origins = app, frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        await (refusal or self._app)(scope, receive, _with_policy(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not self._origins.issuperset(headers.getlist("origin")):
            return PlainTextResponse("this origin is not one of TIDEGATE_UI_ADDRESSES", 403)
        if scope["path"] in DESCRIPTIONS:
            return PlainTextResponse("not served here", 404)
        if scope.get("method") in CHANGING and _has_body(headers) and not _is_json(headers):
            return PlainTextResponse("send the body as Content-Type: application/json", 415)
        return None


def _with_policy(send: Send) -> Send:
    async def say(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
        await send(message)

    return say


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_json(headers: Headers) -> bool:
    kinds = [kind.partition(";")[0].strip().lower() for kind in headers.getlist("content-type")]
    return kinds == ["application/json"]
