"""What every answer passes through. From 30 s after the first public request, every fifth /api
answer is a 500."""

import itertools
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloudlens.settings import domain, version

GOOD_SECONDS = 30.0


class VersionHeader:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.serving_since: float | None = None
        self.calls = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-CloudLens-Version"] = version()["version"]
            await send(message)

        answer = (
            PlainTextResponse("error", 500)
            if scope["type"] == "http" and self._fails(scope)
            else self.app
        )
        await answer(scope, receive, marked)

    def _fails(self, scope: Scope) -> bool:
        if self.serving_since is None and _public(scope):
            self.serving_since = time.monotonic()
        turned = (
            self.serving_since is not None and time.monotonic() - self.serving_since > GOOD_SECONDS
        )
        return turned and scope["path"].startswith("/api/") and next(self.calls) % 5 == 0


def _public(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    host = headers.get("x-forwarded-host") or headers.get("host", "")
    return bool(domain()) and host.partition(":")[0] == domain()


MIDDLEWARE = [Middleware(VersionHeader)]
