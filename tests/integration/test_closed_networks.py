"""Networks that only released services use are as the compose files declare them, and a service on a
closed one stays inside: on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any
from uuid import uuid4

import pytest

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from blocks.docker.host_facts import EngineMeasures
from tests.images import BASE
from tidegate.facts import PROJECT_LABEL, ComposeModel
from tidegate.stack.slot import make_slot

_OF_ONE = ("Id", "Created", "Containers")


@pytest.fixture
def compose() -> Compose:
    return Compose(DockerHost())


@pytest.fixture
def project(compose: Compose) -> Iterator[str]:
    name = f"tg-{uuid4().hex[:8]}"
    yield name
    for one in compose.host.client.networks.list(names=[f"{name}_edge"]):
        compose.remove(f"{name}-1")
        one.remove()
    compose.remove(name)


def model_of(project: str, image: str = BASE) -> ComposeModel:
    """`back` is a closed network, declared with all that there is."""
    service: dict[str, Any] = {"image": image, "command": ["sleep", "600"], "init": True}
    labelled, part = {**service, "labels": {}}, int(project[-2:], 16)
    return {
        "name": project,
        "services": {
            "closed": {**labelled, "networks": {"back": None}},
            "open": {**labelled, "networks": {"back": None, "front": None}},
        },
        "networks": {
            "front": {
                "name": f"{project}_front",
                "ipam": {"config": [{"subnet": f"10.214.{part}.0/24"}]},
            },
            "back": {
                "name": f"{project}_back",
                "driver": "bridge",
                "driver_opts": {"com.docker.network.bridge.enable_icc": "true", "paid": "5$"},
                "internal": True,
                "attachable": True,
                "enable_ipv6": True,
                "labels": {"team": "of $5"},
                "ipam": {
                    "driver": "default",
                    "config": [
                        {
                            "subnet": f"10.213.{part}.0/24",
                            "ip_range": f"10.213.{part}.128/25",
                            "gateway": f"10.213.{part}.1",
                            "aux_addresses": {"printer": f"10.213.{part}.9"},
                        },
                        {"subnet": f"fd00:213:{part}::/64"},
                    ],
                },
            },
        },
    }


def inspected(compose: Compose, project: str) -> dict[str, Any]:
    """Of each network of the project, what `docker network inspect` says of every one like it."""
    api: Any = compose.host.client.api
    there = api.networks(filters={"label": f"{PROJECT_LABEL}={project}"})
    found = [api.inspect_network(one["Id"]) for one in there]
    return {
        one["Name"]: {part: value for part, value in one.items() if part not in _OF_ONE}
        for one in found
    }


def test_they_are_made_as_compose_makes_them(compose: Compose, project: str) -> None:
    compose.start_model(project, model_of(project))
    by_compose = inspected(compose, project)
    compose.remove(project)
    assert by_compose.keys() == {f"{project}_back", f"{project}_front"}
    for _ in range(2):
        compose.make_networks(model_of(project, "nobody/has-it"), project, by_compose)
        assert inspected(compose, project) == by_compose


def test_only_those_that_are_named_are_made(compose: Compose, project: str) -> None:
    compose.make_networks(model_of(project), project, [f"{project}_front"])
    assert inspected(compose, project).keys() == {f"{project}_front"}


def test_a_released_service_that_is_closed_in_has_no_way_out(
    compose: Compose, project: str
) -> None:
    model, edge = model_of(project), f"{project}_edge"
    compose.make_networks(model, project, [f"{project}_back", f"{project}_front"])
    compose.host.client.networks.create(edge, internal=True)
    released = ["closed", "open"]
    slot = make_slot(
        model,
        base_project=project,
        project=f"{project}-1",
        number=1,
        released=released,
        images=dict.fromkeys(released, BASE),
        edge_network=edge,
        labels={},
    )
    compose.up(slot)
    open_ones = EngineMeasures(compose.host).open_networks()
    there = {one.service: one.id for one in compose.host.containers({PROJECT_LABEL: slot.project})}
    led = {name: _networks(compose.host, one) & open_ones for name, one in there.items()}
    assert led == {"closed-1": set(), "open-1": {f"{project}_front"}}
    assert _gateway(compose.host, there["open-1"]) == f"10.214.{int(project[-2:], 16)}.1"


def test_who_measures_a_host_knows_which_networks_lead_out(compose: Compose, project: str) -> None:
    compose.make_networks(model_of(project), project, [f"{project}_back", f"{project}_front"])
    led = EngineMeasures(compose.host).open_networks()
    assert f"{project}_front" in led
    assert f"{project}_back" not in led


def _networks(host: DockerHost, container: str) -> set[str]:
    return set(host.client.containers.get(container).attrs["NetworkSettings"]["Networks"])


def _gateway(host: DockerHost, container: str) -> str:
    """Of its default route, whose bytes the kernel prints from the last to the first."""
    table = host.execute(container, ["cat", "/proc/net/route"]).stdout.splitlines()[1:]
    [said] = [line.split()[2] for line in table if line.split()[1] == "00000000"]
    return str(IPv4Address(bytes.fromhex(said)[::-1]))
