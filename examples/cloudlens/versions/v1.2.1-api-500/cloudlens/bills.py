"""`/api/bills`：账单。"""

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse

from cloudlens.login import signed_in
from cloudlens.stores import database
from cloudlens.tables import bills as table


@signed_in
def bills(request: Request) -> JSONResponse:
    columns = (table.c.id, table.c.account_id, table.c.month, table.c.amount, table.c.note)
    with database.connect() as connection:
        rows = connection.execute(select(*columns).order_by(table.c.id)).mappings().all()
    return JSONResponse(
        {
            "items": [
                {**row, "month": row["period"].strftime("%Y-%m"), "amount": str(row["amount"])}
                for row in rows
            ]
        }
    )
