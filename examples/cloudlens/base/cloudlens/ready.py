"""`/ready`：数据库和缓存真的能用，才回答 200。"""

import logging

from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse

from cloudlens.stores import cache, database

log = logging.getLogger("uvicorn.error")


def ready(request: Request) -> JSONResponse:
    checks = {"database": _database(), "cache": _cache()}
    return JSONResponse(checks, status_code=200 if all(checks.values()) else 503)


def _database() -> bool:
    try:
        with database.connect() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar())
    except SQLAlchemyError as error:
        log.warning("the database does not answer: %s", type(error).__name__)
        return False


def _cache() -> bool:
    try:
        return bool(cache.ping())
    except RedisError as error:
        log.warning("the cache does not answer: %s", type(error).__name__)
        return False
