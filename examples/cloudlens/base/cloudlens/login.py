"""`POST /api/login` and the check of its token. Tokens live in the cache, so that every running
version knows them."""

import hmac
import json
import secrets
from collections.abc import Callable
from functools import wraps

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cloudlens.settings import credentials
from cloudlens.stores import cache

HOURS_VALID = 8


async def sign_in(request: Request) -> JSONResponse:
    try:
        body = json.loads(await request.body())
        given = str(body["username"]), str(body["password"])
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"error": "需要 username 和 password"}, status_code=422)
    if not all(map(_same, given, credentials())):
        return JSONResponse({"error": "用户名或密码不对"}, status_code=401)
    token = secrets.token_urlsafe(24)
    await run_in_threadpool(cache.set, f"session:{token}", given[0], ex=HOURS_VALID * 3600)
    return JSONResponse({"token": token})


def signed_in(endpoint: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Answer 401 unless the request carries a token that `sign_in` gave."""

    @wraps(endpoint)
    def checked(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not cache.get(f"session:{token}"):
            return JSONResponse({"error": "请先登录"}, status_code=401)
        return endpoint(request)

    return checked


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
