"""Containers of base services on the real engine keep the contract that their twins keep, with
volumes that only the image asks for, several networks, and what a killed Compose leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from blocks.docker.adopting import EngineHandStarted
from blocks.docker.base_services import EngineBaseServices
from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tests.contracts.base_contract import INPUTS, KEY, BaseServicesContract, Begun
from tests.images import BASE
from tests.integration.data_servers import build_image
from tests.one_offs import run_one_off
from tidegate.facts import PROJECT_LABEL, SERVICE_LABEL, ComposeModel
from tidegate.plan.image_labels import INPUTS_LABEL

IMAGE = "tidegate-test/with-volume:1"


def model_of(project: str, *command: str) -> ComposeModel:
    common: dict[str, Any] = {"image": IMAGE, "init": True, "stop_grace_period": "1s"}
    return {
        "name": project,
        "services": {
            "db": {
                **common,
                "command": ["sleep", *command],
                "environment": {"MARK": "of-the-first $1"},
                "networks": {"default": {"aliases": ["the-db"]}, "other": None},
                "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
                "depends_on": {"cache": {"condition": "service_started"}},
                "profiles": ["with-db"],
            },
            "cache": {**common, "command": ["sleep", "600"], "networks": {"other": None}},
            "web": {
                "image": "nobody/has-it",
                "depends_on": {"db": {"condition": "service_started"}},
            },
        },
        "networks": {
            "default": {"name": f"{project}_default"},
            "other": {"name": f"{project}_other"},
        },
        "volumes": {"data": {"name": f"{project}_data"}},
    }


@pytest.fixture
def begun() -> Iterator[Begun]:
    host, project = DockerHost(), f"tg-{uuid4().hex[:8]}"
    build_image(
        IMAGE, {"Dockerfile": f"FROM {BASE}\nVOLUME /kept\nLABEL {INPUTS_LABEL}={INPUTS}\n"}
    )
    compose = Compose(host)
    model = model_of(project, "600")
    compose.up_base(model, project, ["db", "cache"])

    def volumes(container: str) -> frozenset[str]:
        there = EngineHandStarted(host).containers_of(project)
        [one] = [one for one in there if one.id == container]
        return frozenset(f"{mount.name}:{mount.target}" for mount in one.mounts)

    data = f"{project}_data"
    anonymous = {
        mount["Name"]
        for one in host.client.containers.list(filters={"label": f"{PROJECT_LABEL}={project}"})
        for mount in one.attrs["Mounts"]
        if mount["Destination"] == "/kept"
    }

    def run(service: str) -> Callable[[], bool]:
        one_off = run_one_off(host, project, model, service)
        anonymous.update(
            mount["Name"] for mount in one_off.attrs["Mounts"] if mount["Name"] != data
        )
        return lambda: one_off.id in {one.id for one in host.client.containers.list(all=True)}

    changed = model_of(project, "900")
    base = EngineBaseServices(host, compose)
    yield Begun(base, host, project, model, changed, volumes, run)
    compose.remove(project)
    for volume in host.client.volumes.list(filters={"label": f"{PROJECT_LABEL}={project}"}):
        volume.remove()
    for name in anonymous:
        host.client.volumes.get(name).remove()


class TestEngineBaseServices(BaseServicesContract):
    pass


def attrs_of(begun: Begun) -> Any:
    client: Any = begun.host
    return client.client.api.inspect_container(begun.of("db").id)


def test_a_container_that_is_made_again_is_as_it_was(begun: Begun) -> None:
    before = attrs_of(begun)
    kept = begun.base.keep([begun.of("db").id])
    begun.base.recreate(begun.changed, begun.project, begun.before)
    assert attrs_of(begun)["Config"]["Cmd"] == ["sleep", "900"]
    begun.base.put_back(kept, KEY)
    after = attrs_of(begun)
    for part in ("Cmd", "Env", "Image", "Entrypoint", "StopTimeout", "Healthcheck"):
        assert after["Config"].get(part) == before["Config"].get(part), part
    for part in ("RestartPolicy", "NetworkMode", "PortBindings", "Init", "Memory"):
        assert after["HostConfig"].get(part) == before["HostConfig"].get(part), part
    networks = {
        name: set(one["Aliases"]) for name, one in before["NetworkSettings"]["Networks"].items()
    }
    again = {
        name: set(one["Aliases"]) for name, one in after["NetworkSettings"]["Networks"].items()
    }
    assert again.keys() == networks.keys() == {f"{begun.project}_default", f"{begun.project}_other"}
    assert "the-db" in again[f"{begun.project}_default"]


def test_a_base_that_was_put_back_is_as_compose_would_have_started_it(begun: Begun) -> None:
    """A release that comes later makes nothing anew."""
    kept = begun.base.keep([begun.of("db").id])
    begun.base.recreate(begun.changed, begun.project, begun.before)
    begun.base.put_back(kept, KEY)
    back = begun.of("db").id
    host: Any = begun.host
    Compose(host).up_base(begun.model, begun.project, ["db", "cache"])
    assert begun.of("db").id == back


def test_what_a_killed_compose_has_left_beside_is_removed(begun: Begun) -> None:
    host: Any = begun.host
    old, before = begun.of("db"), begun.before
    half_made = host.client.containers.create(
        IMAGE,
        ["sleep", "900"],
        name=f"{old.id[:12]}_{old.name}",
        labels={PROJECT_LABEL: begun.project, SERVICE_LABEL: "db"},
    )
    left = [mount["Name"] for mount in half_made.attrs["Mounts"]]
    begun.base.recreate(begun.changed, begun.project, before)
    assert begun.of("db").id not in (old.id, half_made.id)
    assert begun.of("db").state == "running"
    for volume in left:  # no volume is removed, whoever asked for it
        host.client.volumes.get(volume).remove()


def test_what_a_killed_compose_has_not_started_is_started(begun: Begun) -> None:
    host: Any = begun.host
    before = begun.before
    begun.base.recreate(begun.changed, begun.project, before)
    host.client.containers.get(begun.of("db").id).stop(timeout=1)
    begun.base.recreate(begun.changed, begun.project, before)
    assert begun.of("db").state == "running"
