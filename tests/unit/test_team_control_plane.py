"""`compose.yaml`, the control plane for a team, as Compose and its commands read it. Nothing of it
is started."""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cli.register import keep_secret
from setup import tool_image
from setup.compose import find
from setup.places import ROOT
from tidegate.errors import InputError
from tidegate.plan.occupancy import CONTROL_LABEL
from tidegate.settings import Settings

SECRET = "tidegate:" + "x" * 32
NEEDED = {
    "TIDEGATE_HOME": "/srv/tidegate",
    "TIDEGATE_STACKS": "/srv/stacks",
    "POSTGRES_PASSWORD": "of-postgres",
    "TIDEGATE_AUTH_STRING": SECRET,
}
FILE = ROOT / "compose.yaml"


def read(values: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [*find()[2], "--env-file", os.devnull, "-f", str(FILE), "config", *options]
    return subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "HOME": "/"} | values,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


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
    asking = {
        name for name, one in services.items() if one.get("environment", {}).get("PREFECT_API_URL")
    }
    assert asking == {"register", "worker", "receiver"}
    assert {services[name]["environment"]["PREFECT_API_AUTH_STRING"] for name in asking} == {SECRET}
    assert {
        services[name]["environment"]["PREFECT_SERVER_API_AUTH_STRING"]
        for name in ("server", "services")
    } == {SECRET}


def test_nothing_is_published_to_other_machines(services: dict[str, Any]) -> None:
    addresses = [port["host_ip"] for one in services.values() for port in one.get("ports", [])]
    assert addresses == ["127.0.0.1"] * 2


def test_its_commands_call_what_is_there() -> None:
    text = FILE.read_text()
    modules = re.findall(r"python, -m, ([\w.]+)", text)
    assert {"cli.receiver", "cli.register", "cli.server", "control"} == {*modules}
    assert [module for module in modules if not find_spec(module)] == []


def test_every_setting_is_passed_on(services: dict[str, Any]) -> None:
    """What is left out would count in a team's shell and not in the containers."""
    ours = {f"TIDEGATE_{name.upper()}" for name in Settings.model_fields} - {
        "TIDEGATE_LOCK_TTL_SECONDS"
    }
    for name in ("register", "worker", "receiver"):
        assert ours - {*services[name]["environment"]} == set()


def test_the_image_is_that_of_this_version(services: dict[str, Any]) -> None:
    own = {one["image"] for one in services.values()} - {"postgres:16", "redis:7"}
    assert own == {tool_image.name()}


def test_no_release_takes_its_database_for_an_applications(services: dict[str, Any]) -> None:
    keeping = {
        name
        for name, one in services.items()
        if any(mount["type"] == "volume" for mount in one.get("volumes", []))
    }
    assert (
        keeping
        == {name for name, one in services.items() if CONTROL_LABEL in one.get("labels", {})}
        == {"postgres", "redis"}
    )


def test_a_folder_lies_in_the_containers_where_the_engine_finds_it(
    services: dict[str, Any],
) -> None:
    """The engine mounts what lies there into containers of its own."""
    mounts = {one["source"]: one["target"] for one in services["worker"]["volumes"]}
    assert mounts == {
        path: path for path in ("/srv/tidegate", "/srv/stacks", "/var/run/docker.sock")
    }


def settings_in(folder: Path) -> Settings:
    return Settings(home=folder / "home", stacks=folder)


def test_the_home_keeps_the_secret_that_the_server_was_started_with(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for _ in range(2):
        keep_secret(settings, SECRET)
    assert settings.api_auth().get_secret_value() == SECRET
    assert settings.api_auth_file.stat().st_mode & 0o077 == 0


def test_another_secret_in_the_home_is_refused_and_kept(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    before = settings.api_auth().get_secret_value()
    with pytest.raises(
        InputError, match="holds another secret than the server was started with"
    ) as refused:
        keep_secret(settings, SECRET)
    assert settings.api_auth().get_secret_value() == before
    assert before not in str(refused.value)
    assert SECRET not in str(refused.value)
