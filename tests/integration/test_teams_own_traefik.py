"""A team's own Traefik beside us, which finds containers by their labels, sends nobody to a
slot."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from docker.models.containers import Container

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tests import images
from tests.integration.edge_fixtures import BACKEND
from tidegate.stack.slot import make_slot

HOST = DockerHost()
COMPOSE = Compose(HOST)
DOMAIN = "shop.example.test"
LABELS = {
    "traefik.enable": "true",
    "traefik.http.routers.web.rule": f"Host(`{DOMAIN}`)",
    "traefik.http.services.web.loadbalancer.server.port": "8000",
}
TRAEFIK = (
    "--providers.docker=true",
    "--providers.docker.exposedbydefault={all}",
    "--providers.docker.network={network}",
    "--entrypoints.web.address=:80",
)
ROUNDS = 12
MOST_SECONDS = 30


@pytest.fixture
def name() -> Iterator[str]:
    """Of a network on which the team's proxy reaches its applications, and of everything in it."""
    name = f"tg-{uuid4().hex[:8]}"
    HOST.client.networks.create(name)
    HOST.client.networks.create(f"{name}-edge")
    yield name
    for container in HOST.client.containers.list(
        all=True, filters={"name": name}, ignore_removed=True
    ):
        container.remove(force=True)
    for network in (name, f"{name}-edge"):
        HOST.client.networks.get(network).remove()


def backend(version: str) -> dict[str, Any]:
    return {
        "image": images.BASE,
        "command": ["python3", "-c", BACKEND],
        "environment": {"VERSION": version},
        "labels": LABELS,
    }


def run_by_hand(name: str) -> None:
    HOST.client.containers.run(name=f"{name}-hand", network=name, detach=True, **backend("by hand"))


def run_as_slot(name: str, folder: Path) -> None:
    """As a release starts it, from the team's own compose file."""
    service = {
        **backend("a slot"),
        "command": ["python3", "-c", BACKEND.replace("$", "$$")],
        "networks": ["proxy"],
    }
    file = folder / "compose.yaml"
    file.write_text(
        yaml.safe_dump(
            {"services": {"web": service}, "networks": {"proxy": {"name": name, "external": True}}}
        )
    )
    slot = make_slot(
        COMPOSE.read([file], {}, f"{name}-prod"),
        base_project=f"{name}-prod",
        project=f"{name}-prod-1",
        number=1,
        labels={},
        released=["web"],
        images={"web": images.BASE},
        edge_network=f"{name}-edge",
    )
    COMPOSE.up(slot)


@pytest.mark.parametrize("takes_all", ["false", "true"])
def test_a_team_s_own_traefik_sends_nobody_to_a_slot(
    name: str, tmp_path: Path, takes_all: str
) -> None:
    run_as_slot(name, tmp_path)
    run_by_hand(name)  # later: when it is found, the slot would have been found too
    proxy = HOST.client.containers.run(
        images.EDGE,
        [one.format(all=takes_all, network=name) for one in TRAEFIK],
        name=f"{name}-traefik",
        network=name,
        ports={"80/tcp": ("127.0.0.1", 0)},
        detach=True,
        volumes={"/var/run/docker.sock": {"bind": "/var/run/docker.sock", "mode": "ro"}},
    )
    assert Counter(answered_by(proxy) for _ in range(ROUNDS)) == {"by hand": ROUNDS}


def answered_by(proxy: Container) -> str:
    """The version that a visitor of the team's proxy gets."""
    end = time.monotonic() + MOST_SECONDS
    proxy.reload()
    port = (proxy.ports["80/tcp"] or [])[0]["HostPort"]
    while True:
        try:
            answer = httpx.get(
                f"http://127.0.0.1:{port}/", headers={"Host": DOMAIN}, timeout=5, trust_env=False
            )
            if answer.status_code == httpx.codes.OK:
                return str(answer.json()["version"])
        except httpx.TransportError:
            pass  # it starts
        assert time.monotonic() < end, proxy.logs().decode()[-2000:]
        time.sleep(0.1)
