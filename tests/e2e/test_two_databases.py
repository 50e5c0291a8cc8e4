"""A stack with two databases, none of them called `main`: each has a history of its own, of another
tool, and each is moved."""

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
from tests.sql import of_sql

PANTRY = f"pantry{SUFFIX}"
TOOL = """
import os, pathlib, sys
import pymysql
files = {file.stem: file.read_text() for file in sorted(pathlib.Path("steps").glob("*.sql"))}
if sys.argv[1] == "list":
    print(*files, sep="\\n")
elif sys.argv[1] == "sql":
    print(files[sys.argv[2]])
else:
    get = os.environ.__getitem__
    with pymysql.connect(host=get("ORDERS_HOST"), user=get("ORDERS_USER"), password=get("ORDERS_PASSWORD"),
                         database=get("ORDERS_DATABASE")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS steps (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50))")
        cursor.execute("SELECT name FROM steps")
        done = [name for [name] in cursor.fetchall()]
        for name, sql in files.items():
            if name not in done:
                cursor.execute(sql)
                cursor.execute("INSERT INTO steps (name) VALUES (%s)", [name])
        connection.commit()
"""
"""A migration tool of the team's own."""
STEPS = {
    "01_orders": "CREATE TABLE orders (id INT PRIMARY KEY)",
    "02_note": "ALTER TABLE orders ADD COLUMN note TEXT",
}
ORDERS = {
    "tool": "command",
    "directory": "/app/orders",
    "state": "SELECT name FROM steps ORDER BY id",
    "has": ["python", "tool.py", "list"],
    "up": ["python", "tool.py", "up"],
    "sql": ["python", "tool.py", "sql", "{name}"],
}
BILLS = {"tool": "alembic", "directory": "/app"}


def git(folder: Path, *words: str) -> None:
    name = ["-c", "user.name=mei", "-c", "user.email=mei@example.com"]
    subprocess.run(
        ["git", "-C", folder, *name, *words], check=True, capture_output=True, timeout=60
    )


def add_orders(repository: Path) -> None:
    """A version with a second history, of another tool."""
    git(repository, "checkout", "--quiet", "-B", "main", "v1.1.0")
    steps = repository / "orders" / "steps"
    steps.mkdir(parents=True)
    for name, sql in STEPS.items():
        (steps / f"{name}.sql").write_text(sql)
    (steps.parent / "tool.py").write_text(TOOL)
    dockerfile = repository / "Dockerfile"
    dockerfile.write_text(
        dockerfile.read_text().replace("COPY migrations", "COPY orders orders\nCOPY migrations")
    )
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Keep orders in a database of their own")
    git(repository, "tag", "v2.0.0")


def add_database(folder: Path) -> None:
    """A second server beside the first, with keys of its own."""
    file = folder / "docker-compose.yml"
    content = yaml.safe_load(file.read_text())
    second = copy.deepcopy(content["services"]["mysql"])
    del second["container_name"]
    second["volumes"], second["networks"] = (
        ["orders-data:/var/lib/mysql"],
        {"data": {"aliases": ["orders-prod"]}},
    )
    second["environment"] |= {
        "MYSQL_DATABASE": "${ORDERS_DATABASE:?}",
        "MYSQL_USER": "${ORDERS_USER:?}",
        "MYSQL_PASSWORD": "${ORDERS_PASSWORD:?}",
    }
    content["services"]["orders-db"] = second
    content["volumes"]["orders-data"] = {}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    with (folder / ".env.production").open("a") as env:
        env.write(
            "\nORDERS_HOST=orders-prod\nORDERS_PORT=3306\nORDERS_USER=orders\nORDERS_DATABASE=orders\n"
            "ORDERS_PASSWORD=of-the-orders-31337\n"
        )


@pytest.fixture(scope="module")
def pantry(tidegate: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    add_stack(
        tidegate.settings,
        PANTRY,
        environments=("prod",),
        changes={
            "environments.prod.approval": False,
            "environments.prod.drain_seconds": 1,
            "smoke_repeat_seconds": 0,
        },
    )
    folder = tidegate.settings.stacks / PANTRY
    content = yaml.safe_load((folder / "stack.yaml").read_text())
    repository = tmp_path_factory.mktemp("pantry") / "repository"
    git(repository.parent, "clone", "--quiet", content["source"]["repository"], str(repository))
    add_orders(repository)
    add_database(folder)
    content["source"]["repository"] = str(repository)
    content["databases"] = [
        {
            "name": name,
            "engine": "mysql",
            "service": service,
            **{
                f"{key}_key": f"{lead}_{key.upper()}"
                for key in ("host", "port", "user", "password", "database")
            },
        }
        for name, service, lead in (("bills", "mysql", "MYSQL"), ("orders", "orders-db", "ORDERS"))
    ]
    content["migrations"] = [
        {"service": "backend", "database": "orders", **ORDERS},
        {"service": "backend", "database": "bills", **BILLS},
    ]
    content["state"]["databases"] = ["bills", "orders"]
    (folder / "stack.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    yield PANTRY
    tidegate.retire(PANTRY)


def database(tidegate: Installation, name: str) -> SqlDatabase:
    env = open_environment(PANTRY, "prod", tidegate.settings)
    spec = of_sql(spec_of(env, name))
    return open_database(DockerHost(), spec, container_of(env, spec), env.values)


@pytest.mark.crash_only(
    "tests/flows/test_tenants.py: several databases; tests/integration/test_migrator.py"
)
def test_each_database_is_rehearsed_and_moved_by_its_own_history(
    tidegate: Installation, pantry: str
) -> None:
    state = release_here(pantry, "v2.0.0")
    assert state.is_completed(), state.message
    orders, bills = database(tidegate, "orders"), database(tidegate, "bills")
    assert orders.names(str(ORDERS["state"])) == tuple(STEPS)
    assert set(orders.row_counts()) == {"orders", "steps"}
    assert bills.revision() is not None
    assert "orders" not in bills.row_counts()
    [deployment] = tidegate.history(pantry)
    plan = tidegate.ledger.journal.get(
        tidegate.ledger.journal.key("prod", pantry, deployment.number, "plan")
    )
    assert plan is not None
    assert {one["database"]: one["head"] for one in plan.evidence["schema"]} == {
        "orders": " ".join(STEPS),
        "bills": bills.revision(),
    }
    steps = {step.name: step.evidence for step in tidegate.ledger.journal.steps(deployment.id)}
    assert steps["rehearse-migration"] == {"rehearsed": "orders: empty → (2): +01_orders +02_note"}
    assert steps["rehearse-migration-bills"] == {"rehearsed": f"bills: empty → {bills.revision()}"}
