"""The first minutes with one's own application: a clone without Tidegate, four commands, and its
first version on staging."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.control_plane import BIN
from setup.images import chosen
from setup.test_database import FOLDER as PREFECT_DATABASE
from tests import images
from tests.installation import SUFFIX, free_ports, remove_edge, remove_stack
from tests.integration.newcomers import Newcomer, cloned
from tidegate.stack.folder import FILE

pytestmark = pytest.mark.crash_only(
    "tests/integration/test_init.py: init and check; tests/e2e/test_installed_tool.py: the program"
)
STACK, EDGE = f"newcomer{SUFFIX}", f"tidegate-newcomer{SUFFIX}"
APPLICATION = Newcomer(
    {
        "Dockerfile": f"FROM {images.BASE}\nWORKDIR /app\nCOPY index.html .\nEXPOSE 8000\nCMD python3 -m http.server\n",
        "index.html": "<h1>Hello from my shop</h1>\n",
        "compose.yaml": 'services:\n  web:\n    build: .\n    init: true\n    environment: {GREETING: "${GREETING:-hello}"}\n',
    },
    lines=8,
    asked=(),
    released=("web",),
    port=8000,
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """The clone, in which nothing of Tidegate is; with ports and an edge that no other test has."""
    clone = cloned(APPLICATION, tmp_path)
    yield clone
    typed(clone, "stop")
    remove_stack(STACK)
    remove_edge(EDGE)


def own_shell() -> dict[str, str]:
    """A shell that knows no other installation."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "TIDEGATE_"))
    }


def typed(clone: Path, *words: str) -> str:
    ended = subprocess.run(
        [BIN / "tidegate", *words],
        cwd=clone,
        env=own_shell(),
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_init_check_run_release_and_people_see_it(shop: Path) -> None:
    typed(shop, "init", "--yes", "--name", STACK)
    ports = dict(
        zip(
            ("prefect_port", "edge_port", "edge_check_port", "receiver_port"),
            free_ports(4),
            strict=True,
        )
    )
    told = {**ports, "edge_name": EDGE, "edge_image": chosen()["EDGE_IMAGE"]}
    with (shop / FILE).open("a") as file:  # because other tests run on this machine
        file.writelines(f"{name} = {json.dumps(value)}\n" for name, value in told.items())
    shutil.copytree(
        PREFECT_DATABASE, shop / ".tidegate" / "prefect"
    )  # what a first start makes in a quarter of a minute
    assert typed(shop, "check").startswith("0 fault(s), 0 risk(s)")
    typed(shop, "run")
    typed(shop, "release", STACK, "v1.10.0")
    seen = httpx.get(
        f"http://127.0.0.1:{ports['edge_port']}/",
        headers={"Host": f"staging.{STACK}.localhost"},
        trust_env=False,
        timeout=10,
    )
    assert "Hello from my shop" in seen.text
    subprocess.run(["git", "-C", shop, "add", "-A"], check=True, timeout=30)
    kept = subprocess.run(
        ["git", "-C", shop, "diff", "--cached", "--name-only"],
        check=True,
        timeout=30,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert kept == [".env.staging.example", ".gitignore", "stack.yaml", FILE]
