"""What every answer passes through: it says which version gave it."""

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloudlens.settings import version


class VersionHeader:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-CloudLens-Version"] = version()["version"]
            await send(message)

        await self.app(scope, receive, marked)


MIDDLEWARE = [Middleware(VersionHeader)]
