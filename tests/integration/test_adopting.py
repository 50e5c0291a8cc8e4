"""The team's own containers, on a real engine: seen as they are, led to without a restart, stopped
for good and started again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from blocks.docker.adopting import EngineHandStarted
from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tests import images
from tests.in_container import printed_in
from tests.installation import free_ports
from tests.integration.edge_fixtures import BACKEND
from tidegate.facts import Slot
from tidegate.plan.adoption import FoundContainer, PublishedPort
from tidegate.plan.occupants import VolumePlace

HOST = DockerHost()
BY_HAND = EngineHandStarted(HOST)
ALIAS = "shop-prod-1-web"
MOST_SECONDS = 20


@pytest.fixture
def project(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Of a web service that the team started by compose, with a port of the host, and `restart:
    always`."""
    name, [port] = f"tg-hand-{uuid4().hex[:8]}", free_ports(1)
    service = {
        "image": images.BASE,
        "command": ["python3", "-c", BACKEND.replace("$", "$$")],
        "restart": "always",
        "environment": {"VERSION": "by hand", "SECRET": "of-the-team"},
        "volumes": ["files:/files", "./conf:/etc/conf:ro"],
        "ports": [f"127.0.0.1:{port}:8000"],
    }
    (tmp_path / "compose.yaml").write_text(
        yaml.safe_dump({"services": {"web": service}, "volumes": {"files": {}}})
    )
    (tmp_path / "conf").mkdir()
    compose = Compose(HOST)
    compose.up(Slot(name, compose.read([tmp_path / "compose.yaml"], {}, name)))
    HOST.client.networks.create(f"{name}-edge", internal=True)
    yield name, port
    label: dict[str, Any] = {"label": f"com.docker.compose.project={name}"}
    compose.remove(name)
    for volume in HOST.client.volumes.list(filters=label):
        volume.remove()
    HOST.client.networks.get(f"{name}-edge").remove()


def only(project: str) -> FoundContainer:
    [found] = BY_HAND.containers_of(project)
    return found


def answers(port: int) -> str:
    """By the port of the host, once it has started."""
    until = time.monotonic() + MOST_SECONDS
    while True:
        try:
            return str(
                httpx.get(f"http://127.0.0.1:{port}/", timeout=5, trust_env=False).json()["version"]
            )
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_container_is_seen_as_it_is(project: tuple[str, int]) -> None:
    name, port = project
    found = only(name)
    assert (found.name, found.service, found.state, found.image) == (
        f"{name}-web-1",
        "web",
        "running",
        images.BASE,
    )
    assert found.ports == (PublishedPort("127.0.0.1", port, 8000),)
    assert found.networks == (f"{name}_default",)
    assert {one.name: one.target for one in found.mounts if one.is_data} == {
        f"{name}_files": "/files"
    }
    assert {"VERSION", "SECRET"} <= found.environment.keys() - found.image_environment.keys()
    assert "of-the-team" not in repr(found)
    assert BY_HAND.volume_sizes()[f"{name}_files"] == 0
    [mount] = [one for one in found.mounts if one.is_data]
    assert mount.places == {
        VolumePlace(HOST.client.volumes.get(mount.name).attrs["Mountpoint"], "").mountpoint
    }


def test_it_is_led_to_without_a_restart_and_keeps_its_port(project: tuple[str, int]) -> None:
    name, port = project
    assert answers(port) == "by hand"
    before = only(name)
    for _ in range(2):
        BY_HAND.attach(before.id, f"{name}-edge", ALIAS)
        assert answers(port) == "by hand"
    after = only(name)
    assert after == replace(before, networks=tuple(sorted((f"{name}-edge", f"{name}_default"))))
    script = f"import socket; print(socket.gethostbyname('{ALIAS}'))"
    asks = printed_in(HOST, images.BASE, "python3", "-c", script, network=f"{name}-edge")
    networks = HOST.client.containers.get(before.id).attrs["NetworkSettings"]["Networks"]
    assert asks.strip() == networks[f"{name}-edge"]["IPAddress"]
    for _ in range(2):
        BY_HAND.detach(before.id, f"{name}-edge")
    assert only(name) == before
    assert answers(port) == "by hand"


def test_it_stays_stopped_after_a_reboot_and_starts_as_it_was(project: tuple[str, int]) -> None:
    name, port = project
    before = only(name)
    BY_HAND.attach(before.id, f"{name}-edge", ALIAS)
    for _ in range(2):
        BY_HAND.stop([before.id], grace_seconds=1)
    stopped = HOST.client.containers.get(before.id).attrs
    assert (stopped["State"]["Status"], stopped["HostConfig"]["RestartPolicy"]["Name"]) == (
        "exited",
        "unless-stopped",
    )
    for _ in range(2):
        BY_HAND.start([before.id])
    assert answers(port) == "by hand"
    assert only(name).networks == (*sorted((f"{name}-edge", f"{name}_default")),)


def test_what_somebody_has_removed_is_no_failure(project: tuple[str, int]) -> None:
    BY_HAND.stop(["0123456789ab"], grace_seconds=1)
    BY_HAND.detach("0123456789ab", f"{project[0]}-edge")
    assert BY_HAND.containers_of(f"{project[0]}-other") == []
