"""What `tidegate check` says of services that move the schema when they start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.checked_stacks import *  # noqa: F403
from tests.integration.checked_stacks import DATABASE, POSTGRES, change, found

EACH_START = "each start moves the schema"
BUILT = "    build: .\n"


@pytest.fixture
def ant(folder: Path) -> Path:
    """Its stack has a database."""
    with (folder / "ant" / "compose.yaml").open("a") as file:
        file.write(POSTGRES.replace("changeme", "c4t-in-a-tree"))
    with (folder / "ant" / "stack.yaml").open("a") as file:
        file.write(DATABASE)
    return folder / "ant"


def told(ant: Path) -> list[tuple[str, int | None, str]]:
    risks = [one for one in found(ant.parent, "ant") if "is started" in one["doing"]]
    return [(Path(one["file"]).name, one["line"], one["came_back"]) for one in risks]


def test_a_command_of_the_compose_file_is_read_and_beats_the_dockerfile(ant: Path) -> None:
    (ant / "Dockerfile").write_text("FROM python\nCMD alembic upgrade head && app\n")
    [(file, line, text)] = told(ant)
    assert (file, line, EACH_START in text) == ("Dockerfile", 2, True)
    change(ant / "compose.yaml", (BUILT, BUILT + "    command: uvicorn app:app\n"))
    assert told(ant) == []
    command = 'sh -c "alembic upgrade head && uvicorn app:app"'
    change(ant / "compose.yaml", ("uvicorn app:app", command))
    [(file, line, text)] = told(ant)
    assert (file, line) == ("compose.yaml", 6)
    assert text.startswith(f"services.web.command: {EACH_START}")


def test_the_script_that_a_start_leads_to_is_read(ant: Path) -> None:
    (ant / "bin").mkdir()
    (ant / "bin" / "docker-entrypoint").write_text("#!/bin/bash\n./bin/rails db:prepare\n")
    (ant / "Dockerfile").write_text('FROM ruby\nENTRYPOINT ["/rails/bin/docker-entrypoint"]\n')
    [(file, line, text)] = told(ant)
    assert (file, line, text.startswith(EACH_START)) == ("docker-entrypoint", 2, True)
    (ant / "package.json").write_text('{"scripts": {"start": "prisma migrate deploy && node ."}}')
    (ant / "Dockerfile").write_text('FROM node\nCMD ["npm", "start"]\n')
    assert [file for file, _, _ in told(ant)] == ["package.json"]


def test_a_job_is_told_apart_by_whether_a_release_repeats_it(ant: Path) -> None:
    job = "  job: {image: 'migrate/migrate:v4.17.0', command: [up], restart: 'no'}\n"
    change(ant / "compose.yaml", ("services:\n", "services:\n" + job))
    [(_, _, text)] = told(ant)
    assert text.startswith("services.job.image: moves the schema, and no release repeats it")
    change(ant / "stack.yaml", ("ready_path: /}", "ready_path: /}, {name: job}"))
    [(_, _, text)] = told(ant)
    assert text.startswith("services.job.image: moves the schema once in each release")


def test_a_dockerfile_that_stands_in_the_compose_file_is_the_one_that_is_read(ant: Path) -> None:
    (ant / "Dockerfile").write_text("FROM python\nCMD alembic upgrade head && app\n")
    inline = '    build: {context: ., dockerfile_inline: "FROM python\\nCMD app\\n"}\n'
    change(ant / "compose.yaml", (BUILT, inline))
    assert told(ant) == []
    change(ant / "compose.yaml", ("CMD app", "CMD rails db:prepare && app"))
    [(_, _, text)] = told(ant)
    assert text.startswith(f"services.web.build.dockerfile_inline: {EACH_START}")


def test_its_secrets_are_told_with_the_line_of_the_compose_file(ant: Path) -> None:
    inline = (
        '    build: {context: ., dockerfile_inline: "FROM python\\nENV API_TOKEN=x8Fq2LmZ\\n"}\n'
    )
    change(ant / "compose.yaml", (BUILT, inline))
    [risk] = [one for one in found(ant.parent, "ant") if "Dockerfile" in one["doing"]]
    path = "services.web.build.dockerfile_inline"
    assert risk["came_back"].startswith(f"{path}: ENV API_TOKEN: has a value")
    lines = (ant / "compose.yaml").read_text().splitlines()
    assert lines[risk["line"] - 1] == inline.rstrip()
