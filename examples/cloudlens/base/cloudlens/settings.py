"""Configuration: environment variables only. A missing one stops the start, by its name."""

import os

from sqlalchemy import URL


def database_url() -> URL:
    return URL.create(
        "mysql+pymysql",
        username=os.environ["MYSQL_USER"],
        password=os.environ["MYSQL_PASSWORD"],
        host=os.environ["MYSQL_HOST"],
        port=int(os.environ.get("MYSQL_PORT", "3306")),
        database=os.environ["MYSQL_DATABASE"],
        query={"charset": "utf8mb4"},
    )


def redis_address() -> tuple[str, int]:
    return os.environ["REDIS_HOST"], int(os.environ.get("REDIS_PORT", "6379"))


def credentials() -> tuple[str, str]:
    return os.environ["APP_USER"], os.environ["APP_PASSWORD"]


def domain() -> str:
    """The public name that people use, such as `cloudlens.localhost`."""
    return os.environ.get("APP_DOMAIN", "")


def log_level() -> str:
    return os.environ.get("LOG_LEVEL", "INFO").lower()


def version() -> dict[str, str]:
    """What the build baked into the image."""
    return {
        "version": os.environ.get("CLOUDLENS_VERSION", "dev"),
        "commit": os.environ.get("CLOUDLENS_COMMIT", "unknown"),
    }
