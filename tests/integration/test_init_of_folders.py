"""`tidegate init` where the compose files lie in a folder of the repository, and mount or read what
lies elsewhere in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tasks.plan.application import Application, application_in
from tests.integration.newcomers import WEB_AND_DB, Newcomer, begun, cloned
from tests.integration.written_stacks import written
from tidegate.errors import InputError, StackFileError
from tidegate.stack.file import load_stack
from tidegate.stack.schema_export import SCHEMA_FILE
from tidegate.stack.team_folder import IGNORED, make_for_one, make_for_several

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


PAGE = "services: {web: {image: a/b, ports: ['80:80']}}"


@pytest.mark.parametrize(
    "others", [("a", "b"), ("backend", "examples"), (".devcontainer", "tests", "e2e/full")]
)
def test_of_several_folders_the_one_for_servers_is_meant(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    files = {f"{one}/compose.yaml": PAGE for one in others}
    _, stack, _ = written(tmp_path, {**files, "ops/prod/compose.yaml": PAGE})
    assert stack.environments["staging"].compose_files == ("ops/prod/compose.yaml",)


@pytest.mark.parametrize(
    "file", [".devcontainer/docker-compose.yml", "tests/compose.yaml", "ci/compose.test.yml"]
)
def test_a_developers_folder_alone_is_no_application(tmp_path: Path, file: str) -> None:
    clone = cloned(Newcomer({file: PAGE}, 0, (), (), 0), tmp_path)
    assert application_in(clone) is None


def test_a_folder_that_the_work_tree_lacks_is_none(tmp_path: Path) -> None:
    files = {"deploy/compose.yaml": PAGE, "old/compose.yaml": PAGE}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    (clone / "old" / "compose.yaml").unlink()
    assert application_in(clone) == Application(clone, "deploy")


def test_a_link_means_the_folder_that_it_leads_to(tmp_path: Path) -> None:
    clone = cloned(Newcomer(FILES, 0, (), (), 0), tmp_path)
    (tmp_path / "top").symlink_to(clone)
    (tmp_path / "deep").symlink_to(clone / "deploy")
    assert application_in(tmp_path / "top") == Application(clone, "deploy")
    assert application_in(tmp_path / "deep") == Application(clone, "deploy")


@pytest.mark.parametrize("at", ["", "deploy"])
def test_one_that_has_a_stack_file_does_not_get_another(tmp_path: Path, at: str) -> None:
    clone = cloned(Newcomer(FILES, 0, (), (), 0), tmp_path)
    (clone / "deploy" / "stack.yaml").write_text("name: shop\n")
    with pytest.raises(InputError, match="it is there"):
        begun(clone / at)
    assert not (clone / "stack.yaml").exists()


def test_every_environment_s_compose_files_are_asked_what_they_need(tmp_path: Path) -> None:
    files = {
        "deploy/compose.yaml": PAGE,
        "deploy/compose.prod.yaml": "services: {web: {volumes: ['../prod.conf:/prod.conf:ro']}}",
        "prod.conf": "a",
    }
    _, stack, said = written(tmp_path, files, "deploy")
    assert stack.environments["prod"].compose_files == (
        "deploy/compose.yaml",
        "deploy/compose.prod.yaml",
    )
    assert said["folder"] == str(tmp_path / "my-shop")


def test_a_file_that_no_environment_reads_needs_nothing(tmp_path: Path) -> None:
    files = {
        "deploy/compose.yaml": f"{PAGE[:-2]}, volumes: ['../src:/src']}}}}",
        "deploy/compose.prod.yaml": PAGE,
    }
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    assert application_in(clone / "deploy") == Application(clone / "deploy")


def test_where_nobody_knows_which_folder_is_meant_they_are_named_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    files = {f"{one}/compose.yaml": PAGE for one in "abcdefgh"}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    with pytest.raises(InputError, match="these folders have some: a, b, c, d, e, f and 2 more"):
        begun(clone)
    assert sorted(one.name for one in clone.iterdir()) == [".git", *"abcdefgh"]


def test_a_main_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    files = {"compose.yaml": "services: {web: {imagee: a}}", "compose.prod.yaml": PAGE}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    with pytest.raises(StackFileError, match="imagee"):
        begun(clone)


def test_a_repository_of_stacks_becomes_a_folder_for_several(tmp_path: Path) -> None:
    clone = cloned(Newcomer({"stacks/shop/compose.yaml": PAGE}, 0, (), (), 0), tmp_path)
    assert application_in(clone) is None


def test_a_second_application_that_shares_a_file_has_its_stack_file_to_itself(
    tmp_path: Path,
) -> None:
    mounts = f"{PAGE[:-2]}, volumes: ['../../shared.conf:/x:ro']}}}}"
    files = {"apps/a/compose.yaml": mounts, "apps/b/compose.yaml": mounts, "shared.conf": "x"}
    clone = cloned(Newcomer(files, 0, (), (), 0), tmp_path)
    assert begun(clone / "apps" / "a")["folder"] == str(clone)
    assert begun(clone / "apps" / "b")["folder"] == str(clone / "apps" / "b")


def test_a_folder_that_is_a_teams_already_keeps_its_stack_file(tmp_path: Path) -> None:
    clone = cloned(Newcomer(FILES, 0, (), (), 0), tmp_path)
    make_for_one(clone / "deploy", [])
    assert application_in(clone / "deploy") == Application(clone / "deploy")


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


def test_a_team_s_file_that_was_written_by_hand_stays_and_no_secret_is_committed(
    tmp_path: Path,
) -> None:
    hand_written = "edge_port = 8123\n"
    team = cloned(
        Newcomer({"tidegate.toml": hand_written, ".gitignore": "*.log"}, 0, (), (), 0), tmp_path
    )
    shop = team / "stacks" / "shop"
    shop.mkdir(parents=True)
    (shop / "compose.yaml").write_text(
        "services: {web: {image: a/b, ports: ['80:80'], environment: {KEY: '${KEY}'}}}"
    )
    assert "../../.gitignore" in begun(shop)["files"]
    ignored = (team / ".gitignore").read_text().splitlines()
    assert ignored[0] == "*.log"
    assert {*IGNORED} <= {*ignored}
    made = subprocess.run(
        ["git", "status", "--porcelain", "-uall"],
        cwd=team,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "stacks/shop/stack.yaml" in made
    assert "stacks/shop/.env.staging" not in made

    make_for_several(team)
    assert (team / "stacks" / SCHEMA_FILE.name).is_file()
    assert (team / "tidegate.toml").read_text() == hand_written
    with pytest.raises(InputError, match="toml already"):
        begun(team)


def test_what_git_must_not_have_is_said_before_it_is_written(tmp_path: Path) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    (clone / ".gitignore").mkdir()
    before = sorted(clone.iterdir())
    with pytest.raises(InputError, match=r"\.gitignore"):
        begun(clone)
    assert sorted(clone.iterdir()) == before
    (clone / ".gitignore").rmdir()
    (clone / ".gitignore").write_bytes(b"# caf\xe9\r\n*.log")
    begun(clone)
    lines = (clone / ".gitignore").read_bytes().split(b"\r\n")
    assert lines[:2] == [b"# caf\xe9", b"*.log"]
    assert b".env.*" in lines


@pytest.mark.parametrize("text", ["stacks='.'\n", 'stacks   =  "."\n'])
def test_a_folder_of_one_may_be_said_in_any_way(text: str, tmp_path: Path) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    (clone / "tidegate.toml").write_text(text)
    assert begun(clone)["stack"]


def test_a_comment_makes_no_folder_of_one(tmp_path: Path) -> None:
    team = tmp_path / "team"
    make_for_several(team)
    (team / "tidegate.toml").write_text('# stacks = "." would be for one\n')
    shutil.copytree(cloned(WEB_AND_DB, tmp_path), team / "stacks" / "shop")
    begun(team / "stacks" / "shop")
    assert not (team / "stacks" / "shop" / "tidegate.toml").exists()
