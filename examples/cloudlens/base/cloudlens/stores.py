"""The database and the cache. Both are connected to at the first question, and asked with short
timeouts."""

from redis import Redis
from sqlalchemy import create_engine

from cloudlens.settings import database_url, redis_address

_host, _port = redis_address()

database = create_engine(
    database_url(),
    pool_size=5,
    max_overflow=5,
    pool_pre_ping=True,
    pool_recycle=300,
    connect_args={"connect_timeout": 3, "read_timeout": 10, "write_timeout": 10},
)
cache = Redis(
    host=_host, port=_port, decode_responses=True, socket_connect_timeout=3, socket_timeout=3
)
