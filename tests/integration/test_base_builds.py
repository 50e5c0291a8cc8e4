"""A base service that is built from a real repository on the real engine: once, and again only when
its own files have changed. What Compose built by hand stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from prefect.logging import disable_run_logger

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tasks.data.base import start_base
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.base_builds import image_of
from tasks.plan.base_plan import differing
from tests.images import BASE
from tests.in_container import printed_in
from tests.integration.repositories import commit, git
from tests.integration.small_environments import small_environment
from tests.unit.ledger_parts import ledger_url
from tidegate.facts import PROJECT_LABEL, ContainerFacts
from tidegate.ledger import Ledger
from tidegate.stack.base_builds import with_images
from tidegate.versions import Commit, Version

HOST = DockerHost()
COMPOSE = Compose(HOST)


@dataclass
class Team:
    """A stack's folder, which is its repository, and its environment `prod`."""

    folder: Path
    name: str
    ledger: Ledger

    @property
    def project(self) -> str:
        return f"{self.name}-prod"

    def write(self, text: str, name: str = "of_the_image.txt", folder: str = "db") -> Version:
        """Commit a file."""
        (self.folder / folder).mkdir(exist_ok=True)
        (self.folder / folder / name).write_text(text)
        sha = commit(self.folder, text)
        at = datetime.fromisoformat(git(self.folder, "show", "-s", "--format=%cI", sha))
        return Version(f"sha-{sha[:7]}", Commit(sha, text, "Dev", at.astimezone(UTC)))

    @property
    def env(self) -> OpenEnvironment:
        return small_environment(self.name, self.folder, self.folder / ".tidegate", self.ledger)

    def image(self, version: Version) -> str:
        with disable_run_logger():
            return image_of(self.env, version, "db")

    def start(self, version: Version) -> ContainerFacts:
        with disable_run_logger():
            assert start_base(self.env, {"db": self.image(version)}) == ["db"]
        return self.database

    def differs(self, version: Version) -> list[tuple[str, ...]]:
        env = self.env
        return [one.what for one in differing(env, env.model(), version)]

    @property
    def database(self) -> ContainerFacts:
        [one] = HOST.containers({PROJECT_LABEL: self.project})
        return one

    @property
    def says(self) -> str:
        """What is in the file that its image was built from."""
        return printed_in(HOST, self.database.image_id, "cat", "/of_the_image.txt")


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    name = f"tg-{uuid4().hex[:8]}"
    database = {
        "build": "./db",
        "command": ["sleep", "600"],
        "network_mode": "none",
        "init": True,
        "stop_grace_period": "1s",
    }
    services = {"db": database, "web": {"image": "a/web", "build": "."}}
    (tmp_path / "c.yml").write_text(yaml.safe_dump({"services": services}))
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "Dockerfile").write_text(f"FROM {BASE}\nCOPY of_the_image.txt /\n")
    (tmp_path / ".gitignore").write_text("*.db*\n.tidegate\n")
    git(tmp_path, "init", "-q")
    ledger = Ledger(ledger_url(tmp_path))
    made = Team(tmp_path, name, ledger)
    yield made
    ledger.close()
    COMPOSE.remove(made.project)
    for image in HOST.client.images.list(filters={"label": f"tidegate.stack={name}"}):
        HOST.client.images.remove(str(image.id), force=True)
    for image in HOST.client.images.list(name=f"{made.project}-db"):
        HOST.client.images.remove(str(image.id), force=True)


def test_it_is_built_once_from_its_commit_and_no_later_one_differs(team: Team) -> None:
    first = team.write("first")
    (team.folder / "db" / "of_the_image.txt").write_text("never committed")
    started = team.start(first)
    assert team.says == "first"
    assert team.differs(first) == []
    git(team.folder, "checkout", "-q", ".")
    later = team.write("of the application", "app.py", "app")
    assert team.differs(later) == []
    assert team.image(later) == started.image_id


def test_its_own_files_make_another_image_and_with_that_nothing_differs(team: Team) -> None:
    first = team.write("first")
    team.start(first)
    second = team.write("second")
    assert team.differs(second) == [("build",)]
    assert team.differs(first) == []
    env, old = team.env, team.database
    named = with_images(env.model(), {"db": team.image(second)})
    env.base.recreate(named, team.project, {"db": old.id})
    assert team.says == "second"
    assert team.differs(second) == []


def test_what_ran_before_comes_back_with_its_image(team: Team) -> None:
    first = team.write("first")
    old = team.start(first)
    second = team.write("second")
    env = team.env
    kept = env.base.keep([old.id])
    env.base.recreate(
        with_images(env.model(), {"db": team.image(second)}), team.project, {"db": old.id}
    )
    env.base.put_back(kept, "prod/shop/2/put-base-back")
    assert (team.says, team.database.image_id) == ("first", old.image_id)
    assert team.differs(first) == []


def test_what_people_built_by_hand_stays_and_a_base_beside_it_starts(team: Team) -> None:
    first = team.write("first")
    by_hand = ("-p", team.project, "-f", str(team.folder / "c.yml"), "up", "-d", "db")
    assert COMPOSE.command.run(*by_hand, doing="starting it by hand").exit_code == 0
    before = team.database
    assert team.differs(first) == []
    content = yaml.safe_load((team.folder / "c.yml").read_text())
    beside = {"image": BASE, "command": ["sleep", "600"], "network_mode": "none", "init": True}
    content["services"]["cache"] = {**beside, "depends_on": ["db"], "stop_grace_period": "1s"}
    (team.folder / "c.yml").write_text(yaml.safe_dump(content))
    with disable_run_logger():
        assert start_base(team.env) == ["cache"]
    there = {one.service: one for one in HOST.containers({PROJECT_LABEL: team.project})}
    assert there["db"] == before
