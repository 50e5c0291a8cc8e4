"""What a slot mounts is there before it starts, or the plan is refused: asked of the real
engine."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blocks.docker.host import DockerHost
from blocks.docker.occupants import EngineOccupancy
from tasks.data.base import refuse_missing_volumes
from tasks.frame.open_environment import OpenEnvironment
from tidegate.errors import StackFileError

pytest_plugins = ["tests.integration.data_fixtures"]


def env(host: DockerHost) -> OpenEnvironment:
    return cast(
        OpenEnvironment,
        SimpleNamespace(
            host=host,
            occupancy=EngineOccupancy(host),
            base_project="shop-prod",
            name="prod",
            stack=SimpleNamespace(name="shop"),
            released=["web"],
        ),
    )


def model(*volumes: str, declared: dict[str, Any]) -> dict[str, Any]:
    mounts = [{"type": "volume", "source": volume, "target": f"/{volume}"} for volume in volumes]
    return {
        "services": {"web": {"volumes": [*mounts, {"type": "volume", "target": "/anonymous"}]}},
        "volumes": declared,
    }


def test_an_external_volume_that_is_not_there_is_refused_by_name(host: DockerHost) -> None:
    name = f"tidegate-test-{uuid.uuid4().hex[:8]}"
    with pytest.raises(StackFileError, match=f"`external: true`, and there is no {name}"):
        refuse_missing_volumes(
            env(host), model("uploads", declared={"uploads": {"name": name, "external": True}})
        )


def test_one_that_is_there_and_one_that_is_ours_to_make_are_no_reason(host: DockerHost) -> None:
    there = host.client.volumes.create(f"tidegate-test-{uuid.uuid4().hex[:8]}")
    try:
        refuse_missing_volumes(
            env(host),
            model(
                "uploads",
                "made",
                declared={"uploads": {"name": there.name, "external": True}, "made": {}},
            ),
        )
    finally:
        there.remove()
