"""An image of the edge that is not on the engine is told with the setting that names another."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import ImageNotFound, NotFound

from blocks.edges.traefik.container import EdgeMaker
from tidegate.errors import EdgeError


def raising(error: Exception) -> Any:
    def get(name: str) -> None:
        raise error

    return SimpleNamespace(get=get)


def test_it_is_told_what_to_pull_or_to_set(tmp_path: Path) -> None:
    client = SimpleNamespace(
        images=raising(ImageNotFound("no such image")), containers=raising(NotFound("none"))
    )
    host: Any = SimpleNamespace(client=client, edge_network="an-edge")
    with pytest.raises(EdgeError) as raised:
        EdgeMaker(host, "traefik:v3.7", tmp_path, 8080, 8081).ensure()
    assert str(raised.value) == (
        "starting the edge an-edge: its image traefik:v3.7 is not on the engine. "
        "`docker pull traefik:v3.7`, or name another image of Traefik v3 as `edge_image` in "
        "tidegate.toml"
    )
