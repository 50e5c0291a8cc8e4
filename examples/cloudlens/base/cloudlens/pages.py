"""Addresses that need no data."""

import asyncio
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from cloudlens import settings

LONGEST_SECONDS = 60.0
HOME = """<!doctype html>
<html lang="zh"><meta charset="utf-8"><title>CloudLens</title>
<body><h1>CloudLens</h1><p>云账单与折扣分析</p><p>版本 <code>{version}</code></p></body></html>"""


async def home(request: Request) -> HTMLResponse:
    return HTMLResponse(HOME.format(version=escape(settings.version()["version"])))


async def health(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


async def version(request: Request) -> JSONResponse:
    return JSONResponse(settings.version())


async def slow(request: Request) -> JSONResponse:
    """Answers after `seconds`, at most 60: a request that is still open when the service is told to
    stop."""
    try:
        seconds = min(max(float(request.query_params.get("seconds", "20")), 0.0), LONGEST_SECONDS)
    except ValueError:
        return JSONResponse({"error": "seconds 必须是数字"}, status_code=422)
    await asyncio.sleep(seconds)
    return JSONResponse({"waited_seconds": seconds})
