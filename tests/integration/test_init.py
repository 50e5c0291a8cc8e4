"""`tidegate init` in clones of applications that know nothing of Tidegate: few questions, few
lines, nothing overwritten."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cli.init import init
from tasks.plan.checking import look_over
from tests.integration.newcomers import (
    NEWCOMERS,
    PARCELS,
    PHP_AND_NGINX,
    WEB_AND_DB,
    WORKER_AND_BEAT,
    Newcomer,
    begun,
    cloned,
)
from tidegate.errors import InputError, StackFileError
from tidegate.settings import Settings
from tidegate.stack.envfile import read_env
from tidegate.stack.file import load_stack

TIDEGATE = Path(sys.executable).with_name("tidegate")
MOST_LINES, MOST_QUESTIONS = 13, 5


def said(folder: Path, *words: str, typed: str = "", code: int = 0) -> str:
    """As in a shell where no engine answers and nothing of Tidegate runs."""
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "DOCKER_HOST": f"unix://{folder}/no-engine.sock",
    }
    ended = subprocess.run(
        [TIDEGATE, *words],
        cwd=folder,
        env=own,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def faults(stacks: Path) -> list[str]:
    _, found = look_over(Settings(stacks=stacks, home=stacks / ".tidegate"))
    return [one.came_back for one in found]


@pytest.mark.parametrize("newcomer", NEWCOMERS.values(), ids=NEWCOMERS)
def test_an_application_is_said_in_about_ten_lines_and_at_most_five_questions(
    newcomer: Newcomer, tmp_path: Path
) -> None:
    clone = cloned(newcomer, tmp_path)
    written = begun(clone)
    stack = load_stack(clone)
    assert (written["lines"], written["asked"]) == (newcomer.lines, len(newcomer.asked))
    assert newcomer.lines <= MOST_LINES
    assert len(newcomer.asked) <= MOST_QUESTIONS
    assert (*sorted(one.name for one in stack.services[1:]),) == (*sorted(newcomer.released[1:]),)
    assert (stack.services[0].name, stack.services[0].port) == (newcomer.released[0], newcomer.port)
    assert tuple(one.engine for one in stack.databases) == newcomer.databases
    assert stack.state.volumes == newcomer.volumes
    assert tuple(stack.environments) == newcomer.places
    origin = (
        (str(tmp_path / "origin"), "trunk") if "build" in "".join(newcomer.files.values()) else None
    )
    assert (stack.source and (stack.source.repository, stack.source.branch)) == origin


@pytest.mark.parametrize("newcomer", NEWCOMERS.values(), ids=NEWCOMERS)
def test_what_it_writes_passes_the_check_or_says_what_to_fill_in(
    newcomer: Newcomer, tmp_path: Path
) -> None:
    clone = cloned(newcomer, tmp_path)
    missing = begun(clone)["missing"]
    for file, keys in missing.items():
        env = clone / file
        assert sorted(re.findall(r"^# (\w+)=$", env.read_text(), re.MULTILINE)) == sorted(keys)
        env.write_text(
            re.sub(r"^# (\w+)=$", r"\1=a-value-of-mine-7", env.read_text(), flags=re.MULTILINE)
        )
    told = faults(clone)
    assert len(told) == len(newcomer.risks)
    assert all(one.startswith(risk) for one, risk in zip(told, newcomer.risks, strict=True)), told


def test_what_must_not_run_twice_and_what_no_release_touches_is_said(tmp_path: Path) -> None:
    clone = cloned(WORKER_AND_BEAT, tmp_path)
    compose = clone / "docker-compose.yml"
    compose.write_text(
        compose.read_text().replace("  redis: {", "  adminer: {image: adminer}\n  redis: {")
    )
    begun(clone)
    stack = load_stack(clone)
    assert {one.name for one in stack.services if one.alone} == {"beat"}
    assert stack.left_out == ("adminer",)


def test_what_is_not_filled_in_is_a_fault_of_the_check(tmp_path: Path) -> None:
    clone = cloned(WORKER_AND_BEAT, tmp_path)
    assert begun(clone)["missing"] == {".env.staging": ("MAIL_KEY",)}
    assert faults(clone) == ["no value for MAIL_KEY"]


def test_each_question_shows_what_was_found_and_return_takes_it(tmp_path: Path) -> None:
    clone = cloned(PHP_AND_NGINX, tmp_path)
    shown = said(clone, "init", typed="Blog\n/up\n\n")
    assert "What do people call this application? [My Shop]" in shown
    assert "answers 200 only when it can work? [/]" in shown
    assert "By which host name do people come? [staging.my-shop.localhost]" in shown
    assert "Next: tidegate check, tidegate run, tidegate release my-shop v1.10.0 staging" in shown
    stack = load_stack(clone)
    assert (stack.title, stack.services[0].ready_path) == ("Blog", "/up")
    assert stack.environments["staging"].domains == ("staging.my-shop.localhost",)
    assert "0 fault(s), 0 risk(s) in my-shop staging" in said(clone, "check")


def test_every_answer_can_be_given_as_an_option(tmp_path: Path) -> None:
    clone = cloned(PHP_AND_NGINX, tmp_path)
    written = begun(
        clone,
        name="blog",
        title="The Blog",
        service="app",
        port="9001",
        ready_path="/up",
        domain="blog.example",
    )
    stack = load_stack(clone)
    assert written["asked"] == 0
    assert (
        stack.name,
        stack.title,
        stack.services[0].name,
        stack.services[0].port,
        stack.services[0].ready_path,
    ) == ("blog", "The Blog", "app", 9001, "/up")
    assert stack.environments["staging"].domains == ("blog.example",)


def test_a_script_that_leaves_out_what_nobody_knows_is_told_the_option(tmp_path: Path) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    (clone / "Dockerfile").write_text("FROM python:3.12\n")
    (clone / "compose.yaml").write_text("services: {web: {build: .}}\n")
    with pytest.raises(InputError, match="Say it with --port"):
        begun(clone)
    assert not (clone / "stack.yaml").exists()


def test_where_nobody_can_answer_it_says_so_and_writes_nothing(tmp_path: Path) -> None:
    clone = cloned(PHP_AND_NGINX, tmp_path)
    shown = " ".join(said(clone, "init", code=1).split())
    assert "standard input has no answer, and nothing was written" in shown
    assert "Say it with --title, or take what the files say with --yes" in shown
    assert not (clone / "stack.yaml").exists()


def test_an_answer_that_no_stack_file_can_hold_writes_nothing(tmp_path: Path) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    before = sorted(clone.iterdir())
    with pytest.raises(
        InputError, match=r"environments\.staging\.domains\[0\]: must be a host name"
    ):
        begun(clone, domain="http://shop.example")
    assert sorted(clone.iterdir()) == before


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    (clone / ".env.staging").write_text("DB_PASSWORD=mine-and-nobody-elses\n")
    (clone / ".gitignore").write_text("node_modules")
    files = begun(clone)["files"]
    assert ".env.staging" not in files
    assert (clone / ".env.staging").read_text() == "DB_PASSWORD=mine-and-nobody-elses\n"
    assert (clone / ".gitignore").read_text().splitlines() == [
        "node_modules",
        ".tidegate/",
        "prefect.toml",
        ".env.*",
        "!.env.*.example",
    ]
    text = (clone / "stack.yaml").read_text()
    with pytest.raises(InputError, match="it is there"):
        begun(clone)
    assert (clone / "stack.yaml").read_text() == text


def test_templates_have_keys_and_no_values_and_git_never_sees_a_value(tmp_path: Path) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    begun(clone)
    values = read_env(clone / ".env.staging")
    assert (clone / ".env.staging.example").read_text() == "".join(f"{key}=\n" for key in values)
    assert (clone / ".env.staging").stat().st_mode & 0o777 == 0o600
    assert len(values["DB_PASSWORD"]) >= 32
    subprocess.run(["git", "-C", clone, "add", "-A"], check=True, timeout=30)
    kept = subprocess.run(
        ["git", "-C", clone, "ls-files"], check=True, timeout=30, capture_output=True, text=True
    ).stdout.split()
    assert (".env.staging" in kept, ".env.staging.example" in kept, "stack.yaml" in kept) == (
        False,
        True,
        True,
    )


def test_no_secret_of_production_is_made_up(tmp_path: Path) -> None:
    clone = cloned(NEWCOMERS["frontend, api and database"], tmp_path)
    written = begun(clone)
    assert [*written["made_up"]] == [".env.staging"]
    assert {"MYSQL_PASSWORD", "MYSQL_ROOT_PASSWORD"} <= set(written["missing"][".env.production"])


def test_in_a_teams_folder_the_stack_file_lies_beside_the_compose_files_of_its_stack(
    tmp_path: Path,
) -> None:
    team = tmp_path / "releases"
    assert init(team, {}, Console(quiet=True), asks=False, quiet=True) is None
    shop = team / "stacks" / "shop"
    shop.mkdir()
    for name in ("compose.yaml", "Dockerfile"):
        (shop / name).write_text(WEB_AND_DB.files[name])
    assert begun(shop)["files"] == ["stack.yaml", ".env.staging.example", ".env.staging"]
    assert faults(team / "stacks") == ["there is none yet"]  # no commit, of what a release builds
    elsewhere = team / "shop"
    elsewhere.mkdir()
    (elsewhere / "compose.yaml").write_text(WEB_AND_DB.files["compose.yaml"])
    with pytest.raises(InputError, match=f"Move it to {shop}"):
        begun(elsewhere)


def test_a_compose_file_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {biuld: .}}\n")
    with pytest.raises(StackFileError, match=r"reading compose\.yaml"):
        begun(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["compose.yaml"]


def test_images_that_others_make_are_found_by_their_tag_and_a_front_is_as_compose_names_it(
    tmp_path: Path,
) -> None:
    clone = cloned(NEWCOMERS["a vendor's image"], tmp_path / "vendor")
    begun(clone)
    [wiki] = load_stack(clone).services
    assert (wiki.image, wiki.tag) == ("requarks/wiki", "{version}")
    clone = cloned(NEWCOMERS["php-fpm and nginx"], tmp_path / "front")
    begun(clone)
    front, app = load_stack(clone).services
    assert (front.name, front.image, app.name) == ("nginx", None, "app")


def test_the_env_file_of_an_environment_that_comes_later_is_kept_out_of_git(tmp_path: Path) -> None:
    begun(clone := cloned(PARCELS, tmp_path))
    asked = subprocess.run(
        ["git", "check-ignore", ".env.production", ".env.staging", ".env.staging.example"],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout.split() == [".env.production", ".env.staging"]
