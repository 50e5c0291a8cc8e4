"""`python -m cli.receiver`: takes Alertmanager's webhooks, checks who sends them, and passes them
on as Prefect events."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path

import uvicorn
from anyio import to_thread
from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from blocks.messengers.events import environment_event, send_events
from cli.alerts import Webhook, signals_of
from cli.attendance import absent
from cli.door import behind_door
from cli.follow import api_of
from tidegate.errors import TidegateError
from tidegate.imports import imports_are_done
from tidegate.secrecy.outside_text import one_line
from tidegate.settings import Settings

MOST_BYTES = 1 << 20
SCHEME = "bearer"
MOST_REFUSAL = 4_000  # characters: some of them are the sender's own


class Receiver:
    """The requests' way through: known, small, well-formed, passed on. Nobody without the token
    learns anything."""

    def __init__(self, token: SecretStr, stacks: Path, absent: Callable[[], list[str]]) -> None:
        """`absent` says what keeps runs from being started."""
        self._token, self._stacks, self._absent = token, stacks, absent

    async def alertmanager(self, request: Request) -> Response:
        """202 when Prefect has all alerts; 4xx with the reason; 503 makes Alertmanager send them
        again."""
        if not self._knows(request):
            return _refusal(401, "the bearer token is missing or wrong")
        if (body := await _read(request)) is None:
            return _refusal(413, f"the body is larger than {MOST_BYTES} bytes")
        try:
            webhook = Webhook.model_validate_json(body)
        except ValidationError as error:
            return _refusal(
                422, "; ".join(_fault(one["loc"], one["msg"]) for one in error.errors()[:5])
            )
        return await self._pass_on(webhook)

    async def _pass_on(self, webhook: Webhook) -> Response:
        try:
            signals, faults = signals_of(webhook, self._stacks)
            await send_events([environment_event(signal) for signal in signals])
        except TidegateError as error:
            return _refusal(503, str(error))
        if faults:
            return _refusal(422, "; ".join(faults))
        return JSONResponse({"taken": len(signals), **await self._warnings()}, 202)

    async def _warnings(self) -> dict[str, list[str]]:
        """An alert is taken all the same: whoever starts runs finds it. Until then nobody answers
        to it, which is said."""
        absent = await to_thread.run_sync(self._absent)
        for sentence in absent:
            print(f"receiver: an alert was taken, but: {sentence}", flush=True)
        return {"warnings": absent} if absent else {}

    def _knows(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == SCHEME and hmac.compare_digest(
            given.encode(), self._token.get_secret_value().encode()
        )


def make_app(settings: Settings) -> ASGIApp:
    """No page of any origin has business here; programs call it by the names that the UI has."""
    receiver = Receiver(
        settings.receiver_token(), settings.stacks, lambda: absent(settings, api_of(settings))
    )
    app = Starlette(
        routes=[
            Route("/alertmanager", receiver.alertmanager, methods=["POST"]),
            Route("/health", _health),
        ]
    )
    return behind_door(app, settings.ui_origins)


def main() -> None:
    """Serve until it is told to stop, on 127.0.0.1 only: another machine's Alertmanager comes by
    way of a tunnel or proxy."""
    settings = Settings()
    imports_are_done()
    uvicorn.run(
        make_app(settings),
        host="127.0.0.1",
        port=settings.receiver_port,
        access_log=False,
        server_header=False,
    )


async def _health(_: Request) -> Response:
    return JSONResponse({"ok": True})


async def _read(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large: its announced length is not believed."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return None
    except ClientDisconnect:
        return b""
    return bytes(body)


def _refusal(status: int, reason: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"refused": one_line(reason, MOST_REFUSAL)}, status, headers=headers)


def _fault(location: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, location)) or 'body'}: {message}"


if __name__ == "__main__":
    main()
