"""`tidegate init` where the compose files lie in a folder of the repository, and mount or read what
lies elsewhere in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.newcomers import Newcomer, begun, cloned
from tests.integration.written_stacks import written
from tidegate.errors import InputError
from tidegate.stack.file import load_stack
from tidegate.stack.team_folder import make_for_several

WEB = "FROM python:3.12\nWORKDIR /app\nEXPOSE 8000\n"
COMPOSE = """
services:
  web:
    build: {context: .., dockerfile: deploy/Dockerfile}
    env_file: [.env, ../web.env]
    volumes: ["../config/app.ini:/etc/app.ini:ro", "../uploads:/app/uploads"]
  nginx:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["../config/nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
    depends_on: [web]
"""
FILES = {
    "deploy/Dockerfile": WEB,
    "deploy/docker-compose.yml": COMPOSE,
    "deploy/.env.example": "GREETING=hello\n",
    "config/app.ini": "a = 1\n",
    "config/nginx.conf": "server { location / { proxy_pass http://web:8000; } }\n",
    "web.env.example": "COLOUR=green\n",
}


@pytest.mark.parametrize("at", ["", "deploy"])
def test_the_stack_file_lies_where_all_is_that_the_compose_files_name(
    tmp_path: Path, at: str
) -> None:
    clone, stack, said = written(tmp_path, FILES, at)
    place = stack.environments["staging"]
    assert stack.name == "my-shop"
    assert place.compose_files == ("deploy/docker-compose.yml",)
    assert place.env_file_as == ("deploy/.env", "web.env")
    assert (clone / ".env.staging").read_text() == "GREETING=hello\nCOLOUR=green\n"
    assert stack.state.files == ("./uploads",)
    assert stack.source is not None
    assert stack.source.context == "."
    assert not [*(clone / "deploy").glob("stack.yaml")]
    assert "stack.yaml" in str(said["files"])
    (clone / "stack.yaml").unlink()
    assert begun(clone / at)["files"] == ["stack.yaml"]


def test_what_only_builds_from_above_stays_where_its_compose_files_are(tmp_path: Path) -> None:
    files = {
        "docker/Dockerfile": WEB,
        "docker/compose.yaml": "services: {web: {build: {context: .., dockerfile: docker/Dockerfile}}}",
    }
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    begun(clone / "docker")
    source = load_stack(clone / "docker").source
    assert source is not None
    assert source.context == "docker"


def test_of_several_folders_the_one_for_servers_is_meant(tmp_path: Path) -> None:
    files = {
        f"{one}/compose.yaml": "services: {web: {image: a/b, ports: ['80:80']}}" for one in "ab"
    }
    _, stack, _ = written(tmp_path, {**files, "ops/prod/compose.yaml": files["a/compose.yaml"]})
    assert stack.environments["staging"].compose_files == ("ops/prod/compose.yaml",)


def test_where_nobody_knows_which_folder_is_meant_they_are_named_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    files = {
        f"{one}/compose.yaml": "services: {web: {image: a/b, ports: ['80:80']}}"
        for one in "abcdefgh"
    }
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    with pytest.raises(InputError, match="these folders have some: a, b, c, d, e, f and 2 more"):
        begun(clone)
    assert sorted(one.name for one in clone.iterdir()) == [".git", *"abcdefgh"]


def test_in_a_teams_folder_the_stack_file_stays_with_its_stack(tmp_path: Path) -> None:
    team = cloned(Newcomer({"README.md": "Ours."}, 0, (), (), 0), tmp_path)
    make_for_several(team)
    shop = team / "stacks" / "shop"
    shop.mkdir()
    (shop / "compose.yaml").write_text(
        "services: {web: {image: a/b, ports: ['80:80'], volumes: ['../common:/common:ro']}}"
    )
    begun(shop)
    assert (shop / "stack.yaml").is_file()
    with pytest.raises(InputError, match="toml already"):
        begun(team)
