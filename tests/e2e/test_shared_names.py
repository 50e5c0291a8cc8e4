"""A hall with all paths of a host name, and a stall with one of them: both released, released again
and rolled back under visitors of both."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from blocks.probes.witness import TrafficWitness
from cli import status
from tests import images
from tests.e2e.in_process import (
    PATIENCE_SECONDS,
    edit_stack,
    release_here,
    roll_back_here,
)
from tests.e2e.test_doors import APP, DOCKERFILE
from tests.installation import SUFFIX, Installation, remove_images, remove_stack
from tidegate.edge.headers import DEPLOYMENT_HEADER

pytestmark = pytest.mark.crash_only(
    "tests/flows/test_shared_names.py; tests/integration/test_edge.py and test_shared_names.py"
)
HALL, STALL = f"hall{SUFFIX}", f"stall{SUFFIX}"
HOST = f"{HALL}.localhost"
COMPOSE = """services:
  web: {build: ., image: acme/NAME, environment: {ROLE: NAME}}
"""
STACK = """name: NAME
title: NAME
source: {repository: REPOSITORY, build_args: {BASE_IMAGE: "${BASE_IMAGE}"}}
services: [{name: web, image: acme/NAME, port: 8000, ready_path: PATH}]
routes: [{path: PATH, service: web}]
smoke: [{name: page, path: PATH, json_fields: {role: NAME, path: PATH}}]
smoke_repeat_seconds: 0
environments:
  prod:
    kind: production
    approval: false
    backup: false
    compose_files: [compose.yaml]
    env_file: .env
    domains: [HOST]
    shares_names_with: [PARTNER]
    image_alias: latest
    drain_seconds: 1
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions that differ in their names alone."""
    folder = tmp_path_factory.mktemp("market")
    (folder / "app.py").write_text(APP)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    git = ["git", "-C", str(folder), "-c", "user.name=mei", "-c", "user.email=mei@example.com"]
    words = [["init", "--quiet", "-b", "main"], ["add", "--all"]]
    for version in ("v1.0.0", "v2.0.0"):
        words += [["commit", "--quiet", "--allow-empty", "-m", version], ["tag", version]]
    for one in words:
        subprocess.run([*git, *one], check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def both(tidegate: Installation, repository: Path) -> Iterator[None]:
    """Their folders; nothing is released yet."""
    for name, partner, path in ((HALL, STALL, "/"), (STALL, HALL, "/stall")):
        remove_stack(name, ["prod"])
        folder = tidegate.settings.stacks / name
        folder.mkdir()
        (folder / "compose.yaml").write_text(COMPOSE.replace("NAME", name))
        (folder / ".env").write_text(f"BASE_IMAGE={images.BASE}\n")
        text = STACK.replace("REPOSITORY", str(repository)).replace("HOST", HOST)
        text = text.replace("NAME", name).replace("PARTNER", partner).replace("PATH", path)
        (folder / "stack.yaml").write_text(text)
    yield
    for name in (HALL, STALL):
        tidegate.retire(name)
        remove_images(name)


def answering(tidegate: Installation, path: str) -> str:
    return str(tidegate.get(HOST, path).headers.get(DEPLOYMENT_HEADER, "nobody"))


def witnesses(tidegate: Installation) -> list[TrafficWitness]:
    """Visitors of both stacks, whom no other one may answer."""
    url = f"http://127.0.0.1:{tidegate.settings.edge_port}"
    return [
        TrafficWitness(url, HOST, path, timeout_seconds=PATIENCE_SECONDS, owner=(owner, "prod"))
        for owner, path in ((HALL, "/"), (HALL, "/stalls"), (STALL, "/stall/a"))
    ]


def test_each_of_two_stacks_at_one_name_is_released_and_rolled_back_without_a_loss_to_both(
    tidegate: Installation, both: None
) -> None:
    for name, path in ((HALL, "/"), (STALL, "/stall")):
        state = release_here(name, "v1.0.0")
        assert state.is_completed(), state.message
        assert answering(tidegate, path) == f"{name}/prod/1"
    acts: list[Callable[[], State[Any]]] = [
        partial(release_here, STALL, "v2.0.0"),
        partial(release_here, HALL, "v2.0.0"),
        partial(roll_back_here, STALL),
        partial(roll_back_here, HALL),
    ]
    for act in acts:
        visitors = witnesses(tidegate)
        with ExitStack() as asking:
            for one in visitors:
                asking.enter_context(one)
            state = act()
        assert state.is_completed(), state.message
        assert [one.failures() for one in visitors] == [[], [], []]
    assert (answering(tidegate, "/"), answering(tidegate, "/stall")) == (
        f"{HALL}/prod/3",
        f"{STALL}/prod/3",
    )
    for name in (HALL, STALL):
        assert tidegate.history(name)[0].figures["traffic"]["failed"] == 0
        [row] = status.rows(tidegate.settings, name)
        assert (row["edge"], row["agrees"], row["trouble"]) == (f"{name}/prod/3", True, None)


def test_a_stack_that_shares_its_name_no_more_is_refused_while_the_other_one_serves_there(
    tidegate: Installation, both: None
) -> None:
    edit_stack(
        tidegate, HALL, lambda content: content["environments"]["prod"].pop("shares_names_with")
    )
    state = release_here(HALL, "v1.0.0")
    assert state.is_failed()
    assert f"{HOST}/stall belongs to {STALL} prod" in str(state.message)
    assert answering(tidegate, "/") == f"{HALL}/prod/3"
    assert answering(tidegate, "/stall") == f"{STALL}/prod/3"
