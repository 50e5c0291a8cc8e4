"""The containers of services, found by their labels."""

from __future__ import annotations

from collections.abc import Mapping

from docker import DockerClient
from docker.models.containers import Container

from tidegate.facts import is_one_off


def labelled(client: DockerClient, labels: Mapping[str, str]) -> list[Container]:
    """All containers, running or not, that carry every one of `labels`; none that `docker compose
    run` has started beside them."""
    filters: dict[str, str | list[str] | bool] = {
        "label": [f"{name}={value}" for name, value in labels.items()]
    }
    there = client.containers.list(all=True, filters=filters)
    return [one for one in there if not is_one_off(one.labels)]
