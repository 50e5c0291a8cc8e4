"""`/api/bills?account=aliyun-main`：账单，可按账号筛选。"""

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse

from cloudlens.login import signed_in
from cloudlens.stores import database
from cloudlens.tables import bills as table


@signed_in
def bills(request: Request) -> JSONResponse:
    columns = (table.c.id, table.c.account_id, table.c.month, table.c.amount, table.c.note)
    query = select(*columns).order_by(table.c.id)
    if account := request.query_params.get("account"):
        query = query.where(table.c.account_id == account)
    with database.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return JSONResponse(
        {
            "items": [
                {**row, "month": row["month"].strftime("%Y-%m"), "amount": str(row["amount"])}
                for row in rows
            ]
        }
    )
