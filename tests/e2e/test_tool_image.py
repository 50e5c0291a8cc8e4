"""Tidegate as an image: the control plane that `compose.yaml` describes, in a folder of a team."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from setup import test_images, tool_image
from setup.compose import find
from setup.images import chosen
from setup.places import ROOT
from tests.installation import (
    SAMPLE,
    SUFFIX,
    add_stack,
    free_ports,
    remove_everything,
)
from tidegate.settings import Settings

STACK = "wharf" + SUFFIX
IMAGE = f"tidegate-test{SUFFIX}:of-this-tree"
PORTS = ("prefect_port", "edge_port", "edge_check_port", "receiver_port")
pytestmark = pytest.mark.crash_only(
    "tests/unit/test_team_control_plane.py reads the file; tests/e2e/test_installed_tool.py starts the same wheel"
)


@dataclass(frozen=True)
class ControlPlane:
    """What `compose.yaml` has started with the values of an env file."""

    env_file: Path

    def compose(self, *words: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        options = ["--env-file", str(self.env_file), "--file", str(ROOT / "compose.yaml")]
        return subprocess.run(
            [*find()[2], *options, *words],
            env={"PATH": os.environ["PATH"], "HOME": str(self.env_file.parent)},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command on the worker, as a person types it."""
        return self.compose("exec", "-T", "worker", "tidegate", *words)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[ControlPlane]:
    """A team's folder with the example's stack, whose repository lies there too."""
    folder = tmp_path / "releases"
    told = dict(zip(PORTS, free_ports(4), strict=True))
    edge = {"edge_name": f"tidegate-image{SUFFIX}", "edge_image": chosen()["EDGE_IMAGE"]}
    settings = Settings(home=folder / ".tidegate", stacks=folder / "stacks", **told, **edge)
    for made in (settings.home, settings.stacks):
        made.mkdir(parents=True)
    source = yaml.safe_load((SAMPLE / "stack.yaml").read_text())["source"]["repository"]
    repository = settings.stacks / ".repository"
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", (SAMPLE / source).resolve(), repository], check=True
    )
    quick = {"environments.staging.drain_seconds": 1, "environments.prod.drain_seconds": 1}
    asks_nobody = {"environments.prod.approval": False, "watch.seconds": 1}
    changes = {**quick, **asks_nobody, "source.repository": str(repository)}
    add_stack(settings, STACK, changes={**changes, "smoke_repeat_seconds": 0})
    plane = ControlPlane(tmp_path / ".env")
    plane.env_file.write_text("".join(f"{key}={value}\n" for key, value in _values(settings)))
    tool_image.build(IMAGE)
    try:
        started = plane.compose("up", "--detach", "--wait", seconds=600)
        assert started.returncode == 0, started.stderr + plane.compose("logs").stdout
        yield plane
    finally:
        plane.compose("down", "--volumes", "--timeout", "5")
        remove_everything(settings)
        subprocess.run(["docker", "image", "rm", "--force", IMAGE], check=True, capture_output=True)


def _values(settings: Settings) -> Iterator[tuple[str, object]]:
    yield "TIDEGATE_PROJECT", f"tidegate-image{SUFFIX}"
    yield "TIDEGATE_IMAGE", IMAGE
    yield "POSTGRES_IMAGE", test_images.POSTGRESQL
    yield "REDIS_IMAGE", chosen()["CACHE_IMAGE"]
    yield "POSTGRES_PASSWORD", secrets.token_hex(16)
    yield "TIDEGATE_AUTH_STRING", f"tidegate:{secrets.token_hex(16)}"
    yield "TIDEGATE_POSTGRES_PORT", free_ports(1)[0]
    for name in ("home", "stacks", "edge_name", "edge_image", *PORTS):
        yield f"TIDEGATE_{name.upper()}", getattr(settings, name)


def test_the_example_goes_to_staging_and_production(team: ControlPlane) -> None:
    released = team.type("release", STACK, "v1.0.0")
    assert released.returncode == 0, released.stdout + released.stderr
    rows = [
        row for row in json.loads(team.type("status", "--json").stdout) if row["stack"] == STACK
    ]
    assert {row["environment"]: (row["version"], row["state"]) for row in rows} == {
        "staging": ("v1.0.0", "good"),
        "prod": ("v1.0.0", "good"),
    }
    verified = team.type("audit", "verify")
    assert (verified.returncode, "nothing differs" in verified.stdout) == (0, True), verified.stdout
