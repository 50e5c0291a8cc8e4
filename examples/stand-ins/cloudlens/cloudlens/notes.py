"""`POST /api/notes`: a bill without an amount, so that visitors can write something."""

import datetime
import secrets
from urllib.parse import parse_qs

from cloudlens.stores import database
from cloudlens.tables import bills as table
from sqlalchemy import insert
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse


async def add(request: Request) -> JSONResponse:
    [note] = parse_qs((await request.body()).decode())["note"]
    name = f"NOTE-{secrets.token_hex(6)}"
    await run_in_threadpool(_insert, name, note)
    return JSONResponse({"id": name}, status_code=201)


def _insert(name: str, note: str) -> None:
    month = datetime.date(2026, 11, 1)
    row = {"id": name, "account_id": "note", "month": month, "amount": 0, "note": note}
    with database.begin() as connection:
        connection.execute(insert(table), row)
