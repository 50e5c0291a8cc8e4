"""`compose.yaml`, the control plane for a team, as Compose and its commands read it. Nothing of it is started."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from docker.utils.build import exclude_paths

from setup.compose import find
from setup.places import ROOT

SECRET = "tidegate:" + "x" * 32
NEEDED = {"TIDEGATE_HOME": "/srv/tidegate", "POSTGRES_PASSWORD": "of-postgres", "TIDEGATE_AUTH_STRING": SECRET}
FILE = ROOT / "compose.yaml"


def read(values: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [*find()[2], "--env-file", os.devnull, "-f", str(FILE), "config", *options]
    return subprocess.run(command, env={"PATH": os.environ["PATH"], "HOME": "/"} | values, capture_output=True, text=True,
                          timeout=60, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    got = read(NEEDED, "--format", "json")
    assert got.returncode == 0, got.stderr
    found: dict[str, Any] = json.loads(got.stdout)["services"]
    return found


@pytest.mark.parametrize("missing", NEEDED)
def test_compose_refuses_the_file_without_each_value_it_needs(missing: str) -> None:
    got = read({key: value for key, value in NEEDED.items() if key != missing})
    assert got.returncode != 0
    assert missing in got.stderr


def test_whoever_speaks_to_the_api_knows_its_secret(services: dict[str, Any]) -> None:
    asking = {name for name, one in services.items() if one.get("environment", {}).get("PREFECT_API_URL")}
    assert asking == {"register", "worker", "receiver"}
    assert {services[name]["environment"]["PREFECT_API_AUTH_STRING"] for name in asking} == {SECRET}
    assert {services[name]["environment"]["PREFECT_SERVER_API_AUTH_STRING"] for name in ("server", "services")} == {SECRET}


def test_nothing_is_published_to_other_machines(services: dict[str, Any]) -> None:
    addresses = [port["host_ip"] for one in services.values() for port in one.get("ports", [])]
    assert addresses == ["127.0.0.1"] * 2


def test_its_commands_call_what_is_there() -> None:
    text = FILE.read_text()
    modules = re.findall(r"python, -m, ([\w.]+)", text)
    imports = re.findall(r"from [\w.]+ import [\w, ]+", text)
    assert {"cli.receiver", "cli.server", "control"} <= {*modules}
    assert "from control.work_pool import make_work_pool" in imports
    for one in (*(f"import {module}" for module in modules), *imports):
        exec(one, {})


SECRETS = (".env", ".env.local", ".tidegate/prefect.auth", "stacks/shop/.env", "stacks/shop/.env.production", "prefect.toml")


def test_no_secret_of_this_machine_goes_into_its_image(tmp_path: Path) -> None:
    for name in (*SECRETS, "cli/server.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    files = {one for one in exclude_paths(str(tmp_path), patterns) if (tmp_path / one).is_file()}
    assert files == {"cli/server.py"}
