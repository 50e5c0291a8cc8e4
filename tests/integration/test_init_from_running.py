"""`tidegate init --from PROJECT` on a real engine: the files of what runs are found by its labels
and copied, nothing is started or stopped, and what cannot be read is named before anything is
written."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from rich.console import Console

from blocks.docker.host import DockerHost
from cli.init import init
from setup import compose
from tasks.plan.checking import look_over
from tests import images
from tidegate.errors import InputError
from tidegate.settings import Settings
from tidegate.stack.envfile import read_env
from tidegate.stack.file import load_stack

UP_SECONDS = 120
PASSWORD = "c4t-on-a-hot-roof"
ENV = f"DB_PASSWORD={PASSWORD}\nGREETING=good-day\n"
COMPOSE = f"""
services:
  web:
    image: {images.BASE}
    command: [sleep, "600"]
    init: true
    expose: [8000]
    depends_on: [cache]
    env_file: .env
    environment: {{DB_PASSWORD: "${{DB_PASSWORD}}"}}
    volumes: ["./conf/web.conf:/etc/web.conf:ro", "media:/media"]
    secrets: [token]
  cache:
    image: {images.BASE}
    command: [sleep, "600"]
    init: true
volumes: {{media: {{}}}}
secrets: {{token: {{file: ./token.txt}}}}
"""
OVER = "services: {web: {environment: {MODE: live}}}\n"
GIVEN = {"port": "8000", "service": "web"}


@dataclass
class Running:
    """What a team started by hand in `folder`."""

    name: str
    folder: Path
    engine: DockerHost

    def up(self, *files: str, also: tuple[str, ...] = ()) -> None:
        self._compose(*also, *[word for file in files for word in ("-f", file)], "up", "--detach")

    def down(self) -> None:
        label: dict[str, Any] = {"label": f"com.docker.compose.project={self.name}"}
        for one in self.engine.client.containers.list(all=True, filters=label):
            one.remove(force=True)
        for network in self.engine.client.networks.list(filters=label):
            network.remove()
        for volume in self.engine.client.volumes.list(filters=label):
            volume.remove()

    def state(self) -> dict[str, str]:
        """When each container was started: nobody touches one."""
        label: dict[str, Any] = {"label": f"com.docker.compose.project={self.name}"}
        found = self.engine.client.containers.list(all=True, filters=label)
        return {str(one.name): one.attrs["State"]["StartedAt"] for one in found}

    def _compose(self, *words: str) -> None:
        _, _, command = compose.find()
        said = subprocess.run(
            [*command, "--project-name", self.name, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )
        assert said.returncode == 0, said.stderr


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    folder = tmp_path / "srv"
    (folder / "conf").mkdir(parents=True)
    (folder / "docker-compose.yml").write_text(COMPOSE)
    (folder / "more.yml").write_text(OVER)
    (folder / "conf" / "web.conf").write_text("greeting on\n")
    (folder / "token.txt").write_text("t0ken-of-the-team")
    (folder / ".env").write_text(ENV)
    made = Running(f"tg-umami-{uuid4().hex[:8]}", folder, DockerHost())
    yield made
    made.down()


def begun(folder: Path, project: str, **given: str) -> dict[str, Any]:
    console = Console(quiet=True)
    written = init(folder, {**GIVEN, **given}, console, asks=False, quiet=True, project=project)
    assert written is not None
    return written


def test_what_runs_becomes_production_with_its_own_files_and_is_left_alone(
    running: Running, tmp_path: Path
) -> None:
    running.up("docker-compose.yml", "more.yml")
    before, folder = running.state(), tmp_path / "umami"
    written = begun(folder, running.name)
    assert {*written["files"]} >= {
        "docker-compose.yml",
        "more.yml",
        "conf/web.conf",
        ".env.production",
        "stack.yaml",
        ".env.staging",
    }
    stack = load_stack(folder)
    assert [*stack.environments] == ["staging", "prod"]
    prod = stack.environments["prod"]
    assert (prod.kind, prod.after, stack.base_project("prod")) == (
        "production",
        "staging",
        running.name,
    )
    assert prod.compose_files == ("docker-compose.yml", "more.yml")
    for name in ("docker-compose.yml", "more.yml", "conf/web.conf", "token.txt"):
        assert (folder / name).read_bytes() == (running.folder / name).read_bytes()
    assert (folder / ".env.production").read_text() == ENV
    assert (folder / ".env.production").stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in (folder / ".env.staging").read_text()
    assert read_env(folder / ".env.production")["DB_PASSWORD"] == PASSWORD
    assert (folder / "token.txt").stat().st_mode & 0o777 == 0o600
    ignored = (folder / ".gitignore").read_text().splitlines()
    assert ("/token.txt" in ignored, "/conf/web.conf" in ignored) == (True, False)
    assert running.state() == before
    settings = Settings(home=tmp_path / "home", stacks=folder)
    found = look_over(settings)[1]
    assert [one for one in found if one.environment == "prod" and one.kind == "fault"] == []


def test_in_its_own_folder_nothing_is_copied_but_the_env_file(running: Running) -> None:
    running.up("docker-compose.yml")
    written = begun(running.folder, running.name)
    assert not {"docker-compose.yml", "conf/web.conf"} & {*written["files"]}
    assert load_stack(running.folder).base_project("prod") == running.name
    assert (running.folder / ".env.production").read_text() == ENV


def test_files_that_are_gone_are_named_and_nothing_is_written(
    running: Running, tmp_path: Path
) -> None:
    running.up("docker-compose.yml", "more.yml", also=("--env-file", ".env"))
    for name in ("more.yml", ".env"):
        (running.folder / name).unlink()
    folder = tmp_path / "umami"
    with pytest.raises(InputError) as refused:
        begun(folder, running.name)
    assert f"{running.folder}/more.yml: No such file or directory" in refused.value.came_back
    assert f"{running.folder}/.env: No such file or directory" in refused.value.came_back
    assert "docker-compose.yml" not in refused.value.came_back
    assert "No compose file is made up from containers" in refused.value.to_do
    assert not folder.exists()


@pytest.mark.parametrize(
    ("added", "named"),
    [
        ("    build: .\n", ". (it is no single file)"),
        ('    volumes: ["./data:/data"]\n', "data (it is no single file)"),
        ('    volumes: ["../srv/conf:/x"]\n', "../srv/conf"),
    ],
)
def test_files_that_need_a_folder_beside_them_are_begun_where_they_lie(
    running: Running, tmp_path: Path, added: str, named: str
) -> None:
    (running.folder / "data").mkdir()
    (running.folder / "Dockerfile").write_text(f"FROM {images.BASE}\n")
    running.up("docker-compose.yml")
    file = running.folder / "docker-compose.yml"
    file.write_text(file.read_text().replace("  cache:\n", f"  cache:\n{added}", 1))
    folder = tmp_path / "umami"
    with pytest.raises(InputError) as refused:
        begun(folder, running.name)
    assert named in refused.value.came_back
    assert f"`tidegate init {running.folder} --from {running.name}`" in refused.value.to_do
    assert not folder.exists()


def test_an_answer_that_is_missing_leaves_nothing_behind(running: Running, tmp_path: Path) -> None:
    running.up("docker-compose.yml")
    folder = tmp_path / "umami"
    with pytest.raises(InputError, match="no port"):
        begun(folder, running.name, port="many")
    assert not folder.exists()
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="no port"):
        begun(folder, running.name, port="many")
    assert [one.name for one in folder.iterdir()] == ["notes.txt"]


def test_a_folder_that_has_other_files_of_these_names_stays_as_it_is(
    running: Running, tmp_path: Path
) -> None:
    running.up("docker-compose.yml")
    folder = tmp_path / "umami"
    folder.mkdir()
    (folder / "docker-compose.yml").write_text("services: {}\n")
    with pytest.raises(InputError, match=r"there is another docker-compose\.yml"):
        begun(folder, running.name)
    assert [one.read_text() for one in folder.iterdir()] == ["services: {}\n"]


def test_a_project_that_nobody_started_is_named_with_those_that_run(
    running: Running, tmp_path: Path
) -> None:
    running.up("docker-compose.yml")
    with pytest.raises(InputError) as refused:
        begun(tmp_path / "umami", f"{running.name}-other")
    assert running.name in refused.value.came_back
