"""The engine looks names up as tests/unit/test_slot_names.py takes for granted: in a slot, its own
services come first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tests import images
from tidegate.stack.slot import make_slot

HOST = DockerHost()
COMPOSE = Compose(HOST)
NUMBERS = (7, 8)
RELEASED = ("front", "Api_2", "adhoc_worker")


@pytest.fixture
def name() -> Iterator[str]:
    """Of a network that other applications are on, and of everything made here. It begins as early
    as names do."""
    name = f"0a-{uuid4().hex[:8]}"
    for network in (name, f"{name}-edge"):
        HOST.client.networks.create(network)
    yield name
    for number in NUMBERS:
        COMPOSE.remove(f"{name}-prod-{number}")
    for container in HOST.client.containers.list(
        all=True, filters={"name": name}, ignore_removed=True
    ):
        container.remove(force=True)
    for network in (name, f"{name}-edge"):
        HOST.client.networks.get(network).remove()


def start_slot(name: str, number: int, file: Path) -> dict[str, str]:
    """Service -> its address in the slot's own network."""
    project = f"{name}-prod-{number}"
    slot = make_slot(
        COMPOSE.read([file], {}, f"{name}-prod"),
        base_project=f"{name}-prod",
        project=project,
        number=number,
        labels={},
        released=RELEASED,
        images=dict.fromkeys(RELEASED, images.BASE),
        edge_network=f"{name}-edge",
    )
    COMPOSE.up(slot)
    found = HOST.client.containers.list(filters={"label": f"com.docker.compose.project={project}"})
    return {
        one.labels["com.docker.compose.service"].rpartition("-")[0]: one.attrs["NetworkSettings"][
            "Networks"
        ][f"0-{project}"]["IPAddress"]
        for one in found
    }


def asked(name: str, number: int, wanted: str) -> set[str]:
    """Every address that the front of a slot gets for a name."""
    front = HOST.client.containers.get(f"{name}-prod-{number}-front-{number}-1")
    look = "import socket, sys; print(*{one[4][0] for one in socket.getaddrinfo(sys.argv[1], 80)})"
    answer = front.exec_run(["python3", "-c", look, wanted])
    return set(bytes(answer.output).decode().split()) if answer.exit_code == 0 else set()  # type: ignore[arg-type]


def test_every_name_of_the_compose_file_leads_to_the_own_slot_also_beside_another_application(
    name: str, tmp_path: Path
) -> None:
    idle = {
        "image": images.BASE,
        "command": ["sleep", "60"],
        "networks": {"others": {"aliases": ["queue"]}},
        "init": True,
    }
    services = {
        "front": {**idle, "networks": ["others"], "links": ["Api_2:redash"]},
        "Api_2": {**idle, "networks": ["others"], "container_name": f"{name}-api"},
        "adhoc_worker": idle,
    }
    file = tmp_path / "compose.yaml"
    file.write_text(
        yaml.safe_dump(
            {"services": services, "networks": {"others": {"name": name, "external": True}}}
        )
    )
    HOST.client.containers.run(  # another application, which calls its own services by the same names
        images.BASE,
        ["sleep", "60"],
        name=f"{name}-stranger",
        detach=True,
        init=True,
        networking_config={
            name: HOST.client.api.create_endpoint_config(aliases=["Api_2", "queue", "redash"])
        },
        network=name,
    )
    slots = {number: start_slot(name, number, file) for number in NUMBERS}
    for number, own in slots.items():
        for wanted, service in (
            ("Api_2", "Api_2"),
            ("api_2", "Api_2"),
            ("redash", "Api_2"),
            (f"{name}-api", "Api_2"),
            ("adhoc_worker", "adhoc_worker"),
            ("queue", "adhoc_worker"),
            ("front", "front"),
        ):
            assert asked(name, number, wanted) == {own[service]}, wanted
