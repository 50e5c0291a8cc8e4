"""A plan starts nothing, makes nothing, and shows a version's code nothing of production."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from docker.errors import NotFound

from blocks.databases.engines import SqlDatabase, open_database
from blocks.databases.scratch import wait_for_login
from blocks.docker.host import DockerHost
from setup.compose import find
from tasks.frame.environments import open_environment
from tests.e2e.in_process import database_of, engine, release_here
from tests.installation import SUFFIX, Installation, add_stack, remove_stack
from tests.sql import of_sql

PIER, WHARF = f"pier{SUFFIX}", f"wharf{SUFFIX}"
BY_HAND = f"{WHARF}-hand"
ALONE = {
    "environments.prod.approval": False,
    "environments.prod.drain_seconds": 1,
    "smoke_repeat_seconds": 0,
}
HOSTILE_ENV = """
import os
def plant():
    import pymysql
    get = os.environ.__getitem__
    with pymysql.connect(host=get("MYSQL_HOST"), user=get("MYSQL_USER"), password=get("MYSQL_PASSWORD"),
                         database=get("MYSQL_DATABASE"), connect_timeout=3, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE planted (secret TEXT)")
            cursor.execute("INSERT INTO planted VALUES (%s)", [repr(dict(os.environ))])
try:
    plant()
except Exception as error:
    print("not planted:", error)
"""


def git(folder: Path, *words: str) -> None:
    name = ["-c", "user.name=mallory", "-c", "user.email=mallory@example.com"]
    subprocess.run(
        ["git", "-C", folder, *name, *words], check=True, capture_output=True, timeout=60
    )


@pytest.fixture(scope="module")
def pier(tidegate: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Production serves v1.1.0; the repository has a hostile v9.0.0."""
    repository = tmp_path_factory.mktemp("pier") / "repository"
    add_stack(tidegate.settings, PIER, environments=("prod",), changes=ALONE)
    file = tidegate.settings.stacks / PIER / "stack.yaml"
    content = yaml.safe_load(file.read_text())
    git(repository.parent, "clone", "--quiet", content["source"]["repository"], str(repository))
    git(repository, "checkout", "--quiet", "-B", "main", "v1.1.0")
    planted = repository / "migrations" / "env.py"
    planted.write_text(HOSTILE_ENV + planted.read_text())
    git(repository, "commit", "--quiet", "-am", "Tidy up")
    git(repository, "tag", "v9.0.0")
    content["source"]["repository"] = str(repository)
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    state = release_here(PIER, "v1.1.0")
    assert state.is_completed(), state.message
    yield PIER
    tidegate.retire(PIER)


def test_a_plan_gives_a_version_s_code_neither_production_s_data_nor_its_secrets(
    tidegate: Installation, pier: str
) -> None:
    before = dict(database_of(tidegate, pier).row_counts())
    state = release_here(pier, "v9.0.0", plan_only=True)
    assert state.is_completed(), state.message
    assert dict(database_of(tidegate, pier).row_counts()) == before
    assert [one.version for one in tidegate.history(pier)] == ["v1.1.0"]


def test_a_hostile_version_that_was_planned_blocks_no_later_one(
    tidegate: Installation, pier: str
) -> None:
    assert release_here(pier, "v9.0.0", plan_only=True).is_completed()
    state = release_here(pier, "v1.1.0")
    assert "v1.1.0 runs already" in (state.message or "")


@pytest.fixture(scope="module")
def wharf(tidegate: Installation) -> Iterator[str]:
    """Never released; its database has a volume with a name of its own, as the tutorial says. It is
    called as no other test's is, which would be taken for this one while it runs by hand."""
    add_stack(tidegate.settings, WHARF, environments=("prod",), changes=ALONE)
    env = tidegate.settings.stacks / WHARF / ".env.production"
    env.write_text(
        re.sub(r"^MYSQL_DATABASE=.*$", "MYSQL_DATABASE=wharf", env.read_text(), flags=re.M)
    )
    describe(tidegate, {"name": f"{BY_HAND}-data"})
    yield WHARF
    tidegate.retire(WHARF)
    _remove_by_hand(tidegate)


def describe(
    tidegate: Installation, volume: dict[str, object], labels: dict[str, str] | None = None
) -> None:
    """Change the compose file as its team would."""
    file = tidegate.settings.stacks / WHARF / "docker-compose.yml"
    content = yaml.safe_load(file.read_text())
    content["services"]["mysql"].pop("container_name", None)
    content["services"]["mysql"]["labels"] = labels or {}
    content["volumes"]["mysql-data"] = volume
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def there(tidegate: Installation) -> set[str]:
    """Containers, networks and volumes of the stack on the engine."""
    client = engine(tidegate).client
    found: list[Any] = [
        *client.containers.list(all=True),
        *client.networks.list(),
        *client.volumes.list(),
    ]
    return {
        f"{type(one).__name__} {one.name}"
        for one in found
        if str(one.name).startswith((f"{WHARF}-prod", BY_HAND))
    }


def test_a_plan_of_a_new_environment_makes_nothing_on_the_engine(
    tidegate: Installation, wharf: str
) -> None:
    host, before = engine(tidegate), there(tidegate)
    assert release_here(
        wharf, "v1.1.0", plan_only=True
    ).is_completed()  # builds the image, if nobody has
    since = int(time.time())
    state = release_here(wharf, "v1.1.0", plan_only=True)
    assert state.is_completed(), state.message
    assert there(tidegate) == before == set()
    made = [
        event["Actor"]["Attributes"]
        for event in host.client.events(
            since=since,
            until=int(time.time()) + 1,
            decode=True,
            filters={"type": "container", "event": "create"},
        )
    ]
    mine = [one for one in made if WHARF in str(one)]
    assert [one.get("tidegate.key") for one in mine] == [f"prod/{wharf}/plan/main/inspect"]
    assert tidegate.history(wharf) == []


@pytest.fixture(scope="module")
def by_hand(tidegate: Installation, wharf: str) -> SqlDatabase:
    """The application's database, started from the same compose file by a person, with rows in
    it."""
    folder = tidegate.settings.stacks / wharf
    shutil.copy(folder / ".env.production", folder / ".env")
    command = [
        *find()[2],
        "-p",
        BY_HAND,
        "-f",
        str(folder / "docker-compose.yml"),
        "up",
        "-d",
        "mysql",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=folder)
    env = open_environment(wharf, "prod", tidegate.settings)
    spec = of_sql(env.stack.databases[0])
    database = open_database(DockerHost(), spec, f"{BY_HAND}-mysql-1", env.values)
    wait_for_login(DockerHost(), database, f"{BY_HAND}-mysql-1", timeout_seconds=120)
    rows = ", ".join(f"({number})" for number in range(703))
    database.restore(
        io.BytesIO(
            f"CREATE TABLE bills (id INT PRIMARY KEY); INSERT INTO bills VALUES {rows};".encode()
        )
    )
    return database


@pytest.mark.parametrize("plan_only", [True, False])
def test_no_second_server_is_started_on_data_that_are_in_use(
    tidegate: Installation, wharf: str, by_hand: SqlDatabase, plan_only: bool
) -> None:
    before = there(tidegate)
    state = release_here(wharf, "v1.1.0", plan_only=plan_only)
    assert state.is_failed()
    said = state.message or ""
    assert (
        f"the container {BY_HAND}-mysql-1 of the compose project {BY_HAND} has {BY_HAND}-data mounted"
        in said
    )
    assert there(tidegate) == before
    assert by_hand.row_counts() == {"bills": 703}


def test_no_empty_volume_is_made_beside_the_old_one(
    tidegate: Installation, wharf: str, by_hand: SqlDatabase
) -> None:
    describe(tidegate, {})
    before = there(tidegate)
    state = release_here(wharf, "v1.1.0")
    assert state.is_failed()
    assert (
        f"the container {BY_HAND}-mysql-1 of the compose project {BY_HAND} seems to be it already"
        in (state.message or "")
    )
    assert there(tidegate) == before


def test_another_application_that_looks_alike_can_be_told_apart(
    tidegate: Installation, wharf: str, by_hand: SqlDatabase
) -> None:
    describe(tidegate, {}, labels={"tidegate.separate-data": "true"})
    state = release_here(wharf, "v1.1.0", plan_only=True)
    assert state.is_completed(), state.message


def test_data_that_the_plan_could_not_see_are_not_migrated_unseen(
    tidegate: Installation, wharf: str, by_hand: SqlDatabase
) -> None:
    describe(tidegate, {"name": f"{BY_HAND}-data", "external": True})
    engine(tidegate).client.containers.get(f"{BY_HAND}-mysql-1").remove(force=True)
    state = release_here(wharf, "v1.1.0")
    assert state.is_failed()
    assert "it was planned as empty and holds tables without a revision" in (state.message or "")
    assert database_of(tidegate, wharf).row_counts() == {"bills": 703}
    assert "alembic stamp" in (release_here(wharf, "v1.1.0", plan_only=True).message or "")


def _remove_by_hand(tidegate: Installation) -> None:
    remove_stack(WHARF)
    client = engine(tidegate).client
    for container in client.containers.list(
        all=True, filters={"label": f"com.docker.compose.project={BY_HAND}"}
    ):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters={"label": f"com.docker.compose.project={BY_HAND}"}):
        network.remove()
    with contextlib.suppress(NotFound):
        client.volumes.get(f"{BY_HAND}-data").remove()
