"""Images of others in a real registry with an account: looked up by the engine, pulled by digest,
kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.docker.host import DockerHost
from blocks.docker.images import KEPT, ImageStore
from tests.contracts.images_contract import ImagesContract, Put
from tests.integration.building import builder, recipe
from tests.real_registry import RealRegistry, running_registry
from tidegate.errors import RegistryError
from tidegate.plan.image_labels import OCI


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealRegistry]:
    with running_registry(tmp_path) as server:
        yield server


@pytest.fixture
def images(server: RealRegistry) -> ImageStore:
    return ImageStore(DockerHost(), server.block)


@pytest.fixture
def repository(server: RealRegistry) -> str:
    return f"{server.address}/acme/other"


@pytest.fixture
def put(server: RealRegistry, repository: str, tmp_path: Path) -> Iterator[Put]:
    """What is pushed is not on this host afterwards, as with an image that others made."""
    host, folder = DockerHost(), tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY app.txt /\n")

    def push(tag: str, version: str) -> None:
        (folder / "app.txt").write_text(f"{version} of {server.address}")
        made = builder(host).build(
            recipe(),
            folder,
            tag=f"{repository}:{tag}",
            labels={f"{OCI}version": version},
            secrets={},
        )
        server.block.push(host, made, repository, tag)
        host.client.images.remove(made, force=True)

    yield push
    for one in host.client.images.list(name=repository):
        host.client.images.remove(str(one.id), force=True)


class TestEngineImages(ImagesContract):
    """The contract that the twin in memory keeps too."""


def test_what_was_pulled_has_a_tag_of_ours_so_that_a_prune_leaves_it(
    images: ImageStore, repository: str, put: Put
) -> None:
    put("1", "v1.0.0")
    pin = images.look_up(f"{repository}:1")
    for _ in range(2):
        images.ensure(pin)
    digits = pin.rpartition("sha256:")[2][:12]
    assert images.host.client.images.get(pin).tags == [f"{repository}:{KEPT}{digits}"]


def test_once_pulled_it_is_found_without_its_registry(
    images: ImageStore, server: RealRegistry, repository: str, put: Put
) -> None:
    put("1", "v1.0.0")
    pin = images.look_up(f"{repository}:1")
    images.ensure(pin)
    server.stop()
    images.ensure(pin)
    with pytest.raises(RegistryError) as caught:
        images.look_up(f"{repository}:1")
    assert caught.value.retryable


def test_without_a_block_the_account_is_that_of_docker_login(
    server: RealRegistry, repository: str, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("1", "v1.0.0")
    with pytest.raises(RegistryError) as caught:
        ImageStore(DockerHost()).look_up(f"{repository}:1")
    assert not caught.value.retryable
    account = base64.b64encode(b"deployer:hunter2").decode()
    (tmp_path / "config.json").write_text(
        json.dumps({"auths": {server.address: {"auth": account}}})
    )
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    store = ImageStore(DockerHost())
    pin = store.look_up(f"{repository}:1")
    store.ensure(pin)
    assert store.labels(pin) is not None
