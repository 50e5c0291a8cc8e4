"""A reader that another stack's container calls by name, on a network that both share, and by a port
of the host: taken to production, released again and rolled back while it is called."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container
from prefect.client.schemas.objects import State

from blocks.docker.host import DockerHost
from tests import images
from tests.e2e.in_process import release_here, roll_back_here
from tests.e2e.test_doors import APP, DOCKERFILE
from tests.installation import SUFFIX, Installation, free_ports, remove_images, remove_stack
from tests.integration.called_names import STEADY, gateway_of

pytestmark = pytest.mark.crash_only(
    "tests/flows/test_known_names.py; tests/integration/test_known_names.py"
)
READER, NETWORK = f"reader{SUFFIX}", f"Readers{SUFFIX}_back"
COMPOSE = f"""services:
  web:
    build: .
    image: acme/{READER}
    container_name: reader
    environment: {{ROLE: web}}
    networks: [back]
    ports: ["PORT:8000"]
networks:
  back: {{name: {NETWORK}, external: true}}
"""
STACK = f"""name: {READER}
title: Reader
source: {{repository: REPOSITORY, build_args: {{BASE_IMAGE: "${{BASE_IMAGE}}"}}}}
services: [{{name: web, image: acme/{READER}, port: 8000, ready_path: /}}]
smoke: [{{name: page, path: /, json_fields: {{role: web}}}}]
smoke_repeat_seconds: 0
environments:
  prod:
    kind: production
    approval: false
    backup: false
    compose_files: [compose.yaml]
    env_file: .env
    domains: [{READER}.localhost]
    known_as: [{{service: web, name: reader, network: {NETWORK}}}]
    kept_ports: [{{service: web, host_port: PORT}}]
    image_alias: latest
    drain_seconds: 1
"""


@pytest.fixture(scope="module")
def caller() -> Iterator[Container]:
    """Of another stack, on the network of both."""
    client = DockerHost().client
    network = client.networks.create(NETWORK)
    made = client.containers.run(
        images.BASE, ["sleep", "900"], network=NETWORK, detach=True, init=True
    )
    yield made
    made.remove(force=True)
    labels: dict[str, str | list[str] | bool] = {"label": f"tidegate.forwards-to={READER}/prod"}
    for one in client.containers.list(all=True, filters=labels):
        one.remove(force=True)
    network.remove()


@pytest.fixture(scope="module")
def port() -> int:
    """Of the host, free until the first release."""
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def reader(
    tidegate: Installation, caller: Container, port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    repository: Path = tmp_path_factory.mktemp("reader")
    (repository / "app.py").write_text(APP)
    (repository / "Dockerfile").write_text(DOCKERFILE)
    git = ["git", "-C", str(repository), "-c", "user.name=mei", "-c", "user.email=mei@example.com"]
    words = [["init", "--quiet", "-b", "main"], ["add", "--all"]]
    for version in ("v1.0.0", "v2.0.0"):
        words += [["commit", "--quiet", "--allow-empty", "-m", version], ["tag", version]]
    for one in words:
        subprocess.run([*git, *one], check=True, capture_output=True, timeout=60)
    remove_stack(READER, ["prod"])
    folder = tidegate.settings.stacks / READER
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE.replace("PORT", str(port)))
    (folder / ".env").write_text(f"BASE_IMAGE={images.BASE}\n")
    (folder / "stack.yaml").write_text(
        STACK.replace("REPOSITORY", str(repository)).replace("PORT", str(port))
    )
    yield
    tidegate.retire(READER)
    remove_images(READER)


def while_called(
    caller: Container, addresses: Sequence[str], act: Callable[[], State[Any]]
) -> dict[str, int]:
    """What the caller gets by all these addresses until a flow has ended, counted."""
    outputs, is_over = list[bytes](), threading.Event()

    def call(address: str) -> None:
        while not is_over.is_set():
            command = ["python3", "-c", STEADY, address, "1"]
            output = caller.exec_run(command).output
            assert isinstance(output, bytes)
            outputs.append(output)

    calling = [threading.Thread(target=call, args=(address,)) for address in addresses]
    for one in calling:
        one.start()
    try:
        state = act()
    finally:
        is_over.set()
        for one in calling:
            one.join()
    assert state.is_completed(), state.message
    seen: dict[str, int] = {}
    for output in outputs:
        for answer, count in json.loads(output).items():
            seen[answer] = seen.get(answer, 0) + count
    return seen


def test_who_calls_it_by_name_or_port_gets_who_serves_and_loses_no_request(
    caller: Container, reader: None, port: int
) -> None:
    addresses = ["reader:8000", f"{gateway_of(caller, NETWORK)}:{port}"]
    state = release_here(READER, "v1.0.0")
    assert state.is_completed(), state.message
    acts: list[Callable[[], State[Any]]] = [
        partial(release_here, READER, "v2.0.0"),
        partial(roll_back_here, READER),
    ]
    for number, act in enumerate(acts, start=1):
        seen = while_called(caller, addresses, act)
        answers = {f"200 {READER}/prod/{number}", f"200 {READER}/prod/{number + 1}"}
        assert seen.keys() == answers
