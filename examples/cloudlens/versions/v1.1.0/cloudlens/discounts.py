"""`/api/discounts`：每个账号用了多少、能得到几折。结果记在 discount_cache 里。"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select
from starlette.requests import Request
from starlette.responses import JSONResponse

from cloudlens.login import signed_in
from cloudlens.stores import database
from cloudlens.tables import bills, discount_cache

RATES = ((Decimal(2000), "0.85"), (Decimal(1000), "0.90"), (Decimal(0), "1.00"))


@signed_in
def discounts(request: Request) -> JSONResponse:
    with database.begin() as connection:
        return JSONResponse({"items": list(_discounts(connection))})


def _discounts(connection: Connection) -> Iterator[dict[str, Any]]:
    known = {row.account_id: row.cache_data for row in connection.execute(select(discount_cache))}
    totals = select(bills.c.account_id, func.sum(bills.c.amount).label("total")).group_by(
        bills.c.account_id
    )
    for account, total in connection.execute(totals.order_by(bills.c.account_id)).all():
        data = {
            "total": f"{total:.2f}",
            "rate": next(rate for least, rate in RATES if total >= least),
        }
        if account not in known:
            connection.execute(insert(discount_cache).values(account_id=account, cache_data=data))
        yield {"account_id": account, **known.get(account, data)}
