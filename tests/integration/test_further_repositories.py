"""Two real repositories: which commit of each a version means, and that only what is of a changed
one is built anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from prefect.logging import disable_run_logger

from blocks.docker.host import DockerHost
from blocks.sources.git import GitSource
from tasks.frame.adapters import newest_versions
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.base_builds import built_otherwise, image_of
from tasks.plan.builds import build_images, resolve_version
from tests.contracts.further_contract import FurtherContract
from tests.contracts.further_contract import Team as Work
from tests.images import BASE
from tests.in_container import printed_in
from tests.integration.repositories import commit, git
from tests.integration.small_environments import small_environment
from tests.integration.test_check import COMPOSE, STACK, change, found
from tests.unit.ledger_parts import ledger_url
from tidegate.errors import VersionError
from tidegate.ledger import Ledger
from tidegate.plan.image_labels import OCI
from tidegate.stack.file import Stack
from tidegate.versions import Version

HOST = DockerHost()
SERVICES = {
    "web": {"image": "a/web", "build": "../front"},
    "api": {"image": "a/api", "build": "."},
    "db": {"build": "../front/db", "command": ["sleep", "600"]},
}
RELEASED = [
    {"name": "web", "image": "a/web", "port": 80, "ready_path": "/"},
    {"name": "api", "image": "a/api"},
]
DOCKERFILE = f"FROM {BASE}\nARG COMMIT\nENV COMMIT=${{COMMIT}}\nCOPY app.txt /\n"


@dataclass
class Team:
    """A repository `back`, where the stack's folder is, and a repository `front` that nobody has
    checked out."""

    folder: Path
    name: str
    ledger: Ledger
    branch: str | None = None

    @property
    def back(self) -> Path:
        return self.folder / "back"

    @property
    def front(self) -> Path:
        return self.folder / "origin" / "front"

    @property
    def env(self) -> OpenEnvironment:
        further: dict[str, Any] = {"repository": str(self.front), "folder": "../front"}
        if self.branch:
            further["branch"] = self.branch
        source = {"repository": ".", "further": {"front": further}}
        return small_environment(
            self.name,
            self.back,
            self.folder / "home",
            self.ledger,
            source=source,
            services=RELEASED,
        )

    @property
    def stack(self) -> Stack:
        return self.env.stack

    def resolve(self, version: str) -> Version:
        with disable_run_logger():
            found: Version = resolve_version.fn(self.env, version)
        return found

    def build(self, version: Version) -> dict[str, str]:
        with disable_run_logger():
            pins: dict[str, str] = build_images.fn(self.env, version)
        return pins

    def tag(self, name: str, *repositories: Path) -> None:
        for one in repositories:
            git(one, "tag", "-f", name)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """One commit in each, and the tag v1.0.0."""
    ledger = Ledger(ledger_url(tmp_path))
    made = Team(tmp_path, f"tg-test-{uuid4().hex[:8]}", ledger)
    for one in (made.back, made.front):
        one.mkdir(parents=True)
        git(one, "init", "-q")
        (one / "Dockerfile").write_text(DOCKERFILE)
        (one / "db").mkdir()
        (one / "db" / "Dockerfile").write_text(f"FROM {BASE}\nCOPY of_the_image.txt /\n")
        (one / "db" / "of_the_image.txt").write_text(f"first of {one.name}")
    (made.back / "c.yml").write_text(yaml.safe_dump({"services": SERVICES}))
    for one in (made.back, made.front):
        commit(one, f"begin {one.name}", app_txt=f"first of {one.name}")
    made.tag("v1.0.0", made.back, made.front)
    yield made
    ledger.close()
    for image in HOST.client.images.list(filters={"label": f"tidegate.stack={made.name}"}):
        HOST.client.images.remove(str(image.id), force=True)


@pytest.fixture
def checked_folder(tmp_path: Path) -> Path:
    """A stack without a fault, as a team writes it."""
    (tmp_path / "ant").mkdir()
    (tmp_path / "ant" / "stack.yaml").write_text(STACK.format(name="ant"))
    (tmp_path / "ant" / "compose.yaml").write_text(COMPOSE.format(name="ant"))
    (tmp_path / "ant" / ".env").write_text("GREETING=good-day\n")
    return tmp_path


class TestGitSource(FurtherContract):
    """The contract that the twin in memory keeps too."""

    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        folder = tmp_path / "front"
        folder.mkdir()
        git(folder, "init", "-q")
        commit(folder, "begin")
        return folder

    @pytest.fixture
    def source(self, repository: Path, tmp_path: Path) -> GitSource:
        return GitSource("shop", str(repository), "main", tmp_path / "home", name="front")

    @pytest.fixture
    def team(self, repository: Path) -> Work:
        return Work(
            commit=lambda: commit(repository, "more"),
            tag=lambda version: git(repository, "tag", "-f", version),
        )


def head(repository: Path) -> str:
    return git(repository, "rev-parse", "HEAD")


def test_a_version_is_the_commit_of_its_tag_in_each_repository(team: Team) -> None:
    commit(team.front, "later", app_txt="later")
    found = team.resolve("1.0.0")
    assert found.name == "v1.0.0"
    assert found.id == f"{head(team.back)}+front={git(team.front, 'rev-parse', 'HEAD~1')}"
    assert found.further["front"].subject == "begin front"
    mirrors = sorted(one.name for one in (team.folder / "home" / "sources").glob("*.git"))
    assert mirrors == [f"{team.name}.front.git", f"{team.name}.git"]


def test_a_version_without_a_tag_in_one_of_them_is_refused_unless_a_branch_is_named(
    team: Team,
) -> None:
    team.tag("v1.1.0", team.back)
    wanted = ["v1.1.0", f"sha-{head(team.back)[:7]}"]
    for version, said in zip(
        wanted, ("front has no tag v1.1.0", "says none of the repository front"), strict=True
    ):
        with pytest.raises(VersionError, match=said) as refused:
            team.resolve(version)
        assert not refused.value.retryable
    team.branch = "main"
    newest = commit(team.front, "wider", app_txt="wider")
    assert [team.resolve(version).further["front"].sha for version in wanted] == [newest, newest]


def test_a_branch_that_is_not_there_is_refused_by_its_key(team: Team) -> None:
    team.branch = "stable"
    team.tag("v1.1.0", team.back)
    with pytest.raises(VersionError, match="there is no such branch") as refused:
        team.resolve("v1.1.0")
    assert "source.further.front.branch" in str(refused.value)
    assert team.resolve("v1.0.0").further["front"].sha == head(team.front)  # its tag needs none


def test_a_repository_that_cannot_be_fetched_is_refused_by_its_key(team: Team) -> None:
    team.front.rename(team.folder / "elsewhere")
    with pytest.raises(VersionError, match=rf"{team.name} \(front\)") as refused:
        team.resolve("v1.0.0")
    assert "Check source.further.front.repository" in str(refused.value)


def test_an_address_with_a_secret_never_reaches_git(tmp_path: Path) -> None:
    with pytest.raises(VersionError, match=r"source\.further\.front\.repository") as refused:
        GitSource("shop", "https://mei:hunter22@h.example/a", "", tmp_path, name="front")
    assert "hunter22" not in str(refused.value)


def test_the_list_of_versions_has_the_commit_of_each_and_says_where_one_is_missing(
    team: Team,
) -> None:
    first = head(team.front)
    commit(team.back, "more", app_txt="more")
    team.tag("v1.1.0", team.back)
    newest = commit(team.front, "wider", app_txt="wider")

    def listed() -> dict[str, dict[str, str]]:
        found = newest_versions(team.stack, team.folder / "home", 10)
        return {
            one.name: {name: commit.sha for name, commit in one.further.items()} for one in found
        }

    assert listed() == {"v1.1.0": {}, "v1.0.0": {"front": first}}
    team.branch = "gone"
    assert listed() == {"v1.1.0": {}, "v1.0.0": {"front": first}}
    team.branch = "main"
    assert listed() == {"v1.1.0": {"front": newest}, "v1.0.0": {"front": first}}
    git(team.front, "tag", "1.0.0")  # and `v1.0.0` is at the first commit
    assert listed() == {"v1.1.0": {"front": newest}, "v1.0.0": {}}


def test_only_what_is_of_a_changed_repository_is_built_and_the_old_commits_have_their_images(
    team: Team,
) -> None:
    team.branch = "main"
    commit(team.back, "under no tag", app_txt="second of back")
    version = f"sha-{head(team.back)[:7]}"
    before = team.resolve(version)
    old = team.build(before)
    assert {name: printed_in(HOST, pin, "cat", "/app.txt") for name, pin in old.items()} == {
        "web": "first of front",
        "api": "second of back",
    }
    said = HOST.client.images.get(old["web"])
    assert said.labels[f"{OCI}revision"] == head(team.front)
    assert said.labels[f"{OCI}source"] == str(team.front)
    assert f"COMMIT={head(team.front)}" in said.attrs["Config"]["Env"]

    commit(team.front, "wider", app_txt="second of front")
    after = team.resolve(version)
    assert after.id != before.id
    new = team.build(after)
    assert new["api"] == old["api"]
    assert printed_in(HOST, new["web"], "cat", "/app.txt") == "second of front"
    assert team.build(after) == new
    assert team.build(before) == old


def test_a_base_service_is_built_from_the_commit_of_its_own_repository(team: Team) -> None:
    version = team.resolve("v1.0.0")
    with disable_run_logger():
        image = image_of(team.env, version, "db")
    assert printed_in(HOST, image, "cat", "/of_the_image.txt") == "first of front"
    there = {"db": HOST.client.images.get(image).labels}
    assert built_otherwise(team.env, there, version) == set()
    (team.front / "db" / "of_the_image.txt").write_text("second of front")
    commit(team.front, "the database")
    team.tag("v1.1.0", team.back, team.front)
    assert built_otherwise(team.env, there, team.resolve("v1.1.0")) == {"db"}
    # what was released before the stack file named the repository says nothing of it
    assert built_otherwise(team.env, there, Version("v1.0.0", version.commit)) == set()


def test_check_knows_what_is_built_from_a_further_repository_and_names_what_is_of_none(
    checked_folder: Path,
) -> None:
    """The repository itself is not asked for: it need not be there."""
    change(checked_folder / "ant" / "compose.yaml", ("build: .", "build: ../ant-front"))
    told = [one["came_back"] for one in found(checked_folder, "ant")]
    assert "services.web.build.context: leads out of the repository" in told[0]
    assert "source.further" in told[0]
    own = '"https://example.com/acme/ant"'
    further = f"{own}, further: {{front: {{repository: ../f, folder: ../ant-front}}}}"
    change(checked_folder / "ant" / "stack.yaml", (own, further))
    assert found(checked_folder, "ant") == []
