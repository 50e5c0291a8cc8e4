"""A stack with two databases, none of them called `main`: each has a history of its own, and each is moved."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from blocks.databases.engines import SqlDatabase, open_database
from blocks.docker.host import DockerHost
from tasks.data.databases import container_of, spec_of
from tasks.frame.environments import open_environment
from tests.e2e.in_process import release_here
from tests.installation import SUFFIX, Installation, add_stack

PANTRY = f"pantry{SUFFIX}"
ENV_PY = """
import os
from alembic import context
from sqlalchemy import URL, create_engine
get = os.environ.__getitem__
url = URL.create("mysql+pymysql", get("ORDERS_USER"), get("ORDERS_PASSWORD"), get("ORDERS_HOST"), 3306, get("ORDERS_DATABASE"))
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = """
import sqlalchemy as sa
from alembic import op
revision = "orders1"
down_revision = None
def upgrade():
    op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True))
def downgrade():
    op.drop_table("orders")
"""


def git(folder: Path, *words: str) -> None:
    name = ["-c", "user.name=mei", "-c", "user.email=mei@example.com"]
    subprocess.run(["git", "-C", folder, *name, *words], check=True, capture_output=True, timeout=60)


def add_orders(repository: Path) -> None:
    """A version with a second history, in a folder of its own."""
    git(repository, "checkout", "--quiet", "-B", "main", "v1.1.0")
    versions = repository / "orders" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "orders1.py").write_text(REVISION)
    (versions.parent / "env.py").write_text(ENV_PY)
    (repository / "orders" / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    dockerfile = repository / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("COPY migrations", "COPY orders orders\nCOPY migrations"))
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Keep orders in a database of their own")
    git(repository, "tag", "v2.0.0")


def add_database(folder: Path) -> None:
    """A second server beside the first, with keys of its own."""
    file = folder / "docker-compose.yml"
    content = yaml.safe_load(file.read_text())
    second = copy.deepcopy(content["services"]["mysql"])
    del second["container_name"]
    second["volumes"], second["networks"] = ["orders-data:/var/lib/mysql"], {"data": {"aliases": ["orders-prod"]}}
    second["environment"] |= {"MYSQL_DATABASE": "${ORDERS_DATABASE:?}", "MYSQL_USER": "${ORDERS_USER:?}",
                              "MYSQL_PASSWORD": "${ORDERS_PASSWORD:?}"}
    content["services"]["orders-db"] = second
    content["volumes"]["orders-data"] = {}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    with (folder / ".env.production").open("a") as env:
        env.write("\nORDERS_HOST=orders-prod\nORDERS_PORT=3306\nORDERS_USER=orders\nORDERS_DATABASE=orders\n"
                  "ORDERS_PASSWORD=of-the-orders-31337\n")


@pytest.fixture(scope="module")
def pantry(tidegate: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    add_stack(tidegate.settings, PANTRY, environments=("prod",), changes={
        "environments.prod.approval": False, "environments.prod.drain_seconds": 1, "smoke_repeat_seconds": 0})
    folder = tidegate.settings.stacks / PANTRY
    content = yaml.safe_load((folder / "stack.yaml").read_text())
    repository = tmp_path_factory.mktemp("pantry") / "repository"
    git(repository.parent, "clone", "--quiet", content["source"]["repository"], str(repository))
    add_orders(repository)
    add_database(folder)
    content["source"]["repository"] = str(repository)
    content["databases"] = [
        {"name": name, "engine": "mysql", "service": service,
         **{f"{key}_key": f"{lead}_{key.upper()}" for key in ("host", "port", "user", "password", "database")}}
        for name, service, lead in (("bills", "mysql", "MYSQL"), ("orders", "orders-db", "ORDERS"))]
    content["migrations"] = [{"tool": "alembic", "service": "backend", "database": name, "directory": directory}
                             for name, directory in (("orders", "/app/orders"), ("bills", "/app"))]
    content["state"]["databases"] = ["bills", "orders"]
    (folder / "stack.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    yield PANTRY
    tidegate.retire(PANTRY)


def database(tidegate: Installation, name: str) -> SqlDatabase:
    env = open_environment(PANTRY, "prod", tidegate.settings)
    spec = spec_of(env, name)
    return open_database(DockerHost(), spec, container_of(env, spec), env.values)


def test_each_database_is_moved_by_its_own_history(tidegate: Installation, pantry: str) -> None:
    state = release_here(pantry, "v2.0.0")
    assert state.is_completed(), state.message
    orders, bills = database(tidegate, "orders"), database(tidegate, "bills")
    assert orders.revision() == "orders1"
    assert set(orders.row_counts()) == {"orders", "alembic_version"}
    assert bills.revision() not in (None, "orders1")
    assert "orders" not in bills.row_counts()
    [deployment] = tidegate.history(pantry)
    plan = tidegate.ledger.journal.get(tidegate.ledger.journal.key("prod", pantry, deployment.number, "plan"))
    assert plan is not None
    assert {one["database"]: one["head"] for one in plan.evidence["schema"]} == {
        "orders": "orders1", "bills": bills.revision()}
