"""A real registry (Debian's docker-registry) with an account, pushed to and pulled from by the real
engine."""

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from blocks.docker.host import DockerHost
from blocks.docker.images import ImageStore
from blocks.registries.registry import Registry
from tests.integration.building import builder, recipe
from tests.real_registry import RealRegistry, running_registry
from tidegate.errors import EngineError, RegistryError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealRegistry]:
    with running_registry(tmp_path) as server:
        yield server


@pytest.fixture
def address(server: RealRegistry) -> str:
    return server.address


@pytest.fixture
def registry(address: str) -> Registry:
    return Registry(
        url=f"http://{address}",
        namespace="acme",
        username="deployer",
        password=SecretStr("hunter2"),
    )


@pytest.fixture
def image(tmp_path: Path) -> Iterator[str]:
    """A tiny image of one file."""
    host, label = DockerHost(), uuid4().hex
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY app.txt /\n")
    (folder / "app.txt").write_text(label)
    built = builder(host).build(
        recipe(), folder, tag=f"tg-test-{label}:1", labels={"test": label}, secrets={}
    )
    yield built
    for found in host.client.images.list(filters={"label": f"test={label}"}):
        host.client.images.remove(str(found.id), force=True)


def forget(host: DockerHost, image: str) -> None:
    host.client.images.remove(image, force=True)


def test_the_account_is_accepted(registry: Registry) -> None:
    registry.check()


def test_a_wrong_password_is_refused_and_not_shown(address: str) -> None:
    wrong = Registry(url=f"http://{address}", username="deployer", password=SecretStr("letmein"))
    with pytest.raises(RegistryError, match="not accepted") as caught:
        wrong.check()
    assert not caught.value.retryable
    assert "letmein" not in str(caught.value) + repr(wrong)


def test_what_is_pushed_is_pinned_by_digest_and_pulled_by_it(
    registry: Registry, image: str
) -> None:
    host = DockerHost()
    pin = registry.push(host, image, "demo", "v1.0.0")
    digest = registry.digest("demo", "v1.0.0")
    assert pin == f"{registry.name('demo')}@{digest}"
    forget(host, image)
    ImageStore(host, registry).ensure(pin)
    assert host.client.images.get(pin).id == image


def test_a_second_push_of_the_same_image_has_the_same_pin(registry: Registry, image: str) -> None:
    host = DockerHost()
    assert registry.push(host, image, "demo", "v1.0.0") == registry.push(
        host, image, "demo", "v1.0.0"
    )


def test_a_push_with_a_wrong_password_is_refused(address: str, image: str) -> None:
    wrong = Registry(url=f"http://{address}", username="deployer", password=SecretStr("letmein"))
    with pytest.raises(RegistryError) as caught:
        wrong.push(DockerHost(), image, "demo", "v1.0.0")
    assert not caught.value.retryable


def test_a_digest_that_was_never_pushed_is_refused(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="404"):
        registry.digest("demo", "v9.9.9")
    with pytest.raises(RegistryError) as caught:
        ImageStore(DockerHost(), registry).ensure(f"{registry.name('demo')}@sha256:{'0' * 64}")
    assert not caught.value.retryable


def test_an_image_that_is_not_on_the_engine_cannot_be_pushed(registry: Registry) -> None:
    with pytest.raises(EngineError, match="not found"):
        registry.push(DockerHost(), "sha256:" + "0" * 64, "demo", "v1")


def test_a_registry_that_is_down_is_tried_again() -> None:
    with pytest.raises(RegistryError, match="no connection") as caught:
        Registry(url="http://127.0.0.1:1").check()
    assert caught.value.retryable
    with pytest.raises(RegistryError) as caught:
        Registry(url="http://127.0.0.1:1").pull(DockerHost(), f"127.0.0.1:1/demo@sha256:{'0' * 64}")
    assert caught.value.retryable


def test_a_registry_that_is_silent_for_longer_than_a_call_may_take_is_waited_for(
    server: RealRegistry, registry: Registry, image: str
) -> None:
    server.fall_silent()
    recovering = threading.Timer(3, server.go_on)
    recovering.start()
    try:
        pin = registry.push(DockerHost(timeout_seconds=1), image, "demo", "v1.0.0")
    finally:
        recovering.join()
    assert pin == f"{registry.name('demo')}@{registry.digest('demo', 'v1.0.0')}"


def test_a_registry_that_stays_silent_is_an_error_to_try_again(
    server: RealRegistry, registry: Registry, image: str
) -> None:
    server.fall_silent()
    with pytest.raises(RegistryError, match=r"pushing .*: nothing was heard for 1 s") as caught:
        registry.push(DockerHost(silence_seconds=1), image, "demo", "v1.0.0")
    assert caught.value.retryable
