"""Images of the real engine: provided, tagged, and refused where they are for another machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from blocks.docker.host import DockerHost
from blocks.docker.images import ImageStore
from tests.images import BASE
from tests.integration.building import build, builder, recipe, version
from tidegate.errors import ImageError


@pytest.fixture
def store() -> ImageStore:
    return ImageStore(DockerHost())


@pytest.fixture
def stack(store: ImageStore) -> Iterator[str]:
    name = f"tg-test-{uuid4().hex[:8]}"
    yield name
    for image in store.host.client.images.list(filters={"label": f"tidegate.stack={name}"}):
        store.host.client.images.remove(str(image.id), force=True)


def test_an_image_id_that_is_gone_is_refused(store: ImageStore) -> None:
    with pytest.raises(ImageError, match="not on the engine"):
        store.ensure("sha256:" + "0" * 64)
    with pytest.raises(ImageError, match="not on the engine"):
        store.tag("sha256:" + "0" * 64, "demo:latest")


def test_an_alias_moves_to_the_new_image(store: ImageStore, stack: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY app.txt /\n")
    for digit in "ab":
        (tmp_path / "app.txt").write_text(uuid4().hex)
        image = build(builder(store.host), tmp_path, stack, version(digit))
        store.ensure(image)
        store.tag(image, f"{stack}:production")
        assert store.host.client.images.get(f"{stack}:production").id == image


def test_an_image_for_another_platform_is_refused(
    store: ImageStore, stack: str, tmp_path: Path
) -> None:
    """When it is built, and when somebody else has built it."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    host = store.host.client.info()["Architecture"]
    other = "linux/amd64" if host == "aarch64" else "linux/arm64"
    with pytest.raises(ImageError, match=f"the image is for {other}"):
        build(builder(store.host), tmp_path, stack, version("a"), recipe(platforms=[other]))
    with pytest.raises(ImageError, match=f"the image is for {other}"):
        store.ensure(f"{stack}:sha-aaaaaaa")


def test_what_is_there_is_known_by_its_id(store: ImageStore) -> None:
    assert (
        store.id_of(BASE)
        == store.id_of(f"docker.io/{BASE}")
        == store.host.client.images.get(BASE).id
    )
    assert store.id_of("nobody/has-it:1") is None
    assert store.id_of(f"nobody/has-it@sha256:{'1' * 64}") == f"sha256:{'1' * 64}"


@pytest.fixture
def images(store: ImageStore, stack: str, tmp_path: Path) -> list[str]:
    """Of two versions."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY app.txt /\n")
    made = []
    for digit in "ab":
        (tmp_path / "app.txt").write_text(uuid4().hex)
        made.append(build(builder(store.host), tmp_path, stack, version(digit)))
    return made


def names_of(store: ImageStore, image: str) -> list[str]:
    return sorted(store.host.client.images.get(image).tags)


def test_a_built_image_goes_with_its_version_and_no_other(
    store: ImageStore, stack: str, images: list[str]
) -> None:
    old, new = images
    assert store.forget({old: [version("a").name]}) == [old]
    assert store.labels(old) is None
    assert names_of(store, new) == [f"{stack}:{version('b').name}"]


def test_an_image_that_somebody_has_given_a_name_keeps_it(
    store: ImageStore, stack: str, images: list[str]
) -> None:
    store.tag(images[0], f"{stack}:golden")
    store.forget({images[0]: [version("a").name]})
    assert names_of(store, images[0]) == [f"{stack}:golden"]


def test_an_image_that_a_container_has_stays_whole(
    store: ImageStore, stack: str, images: list[str]
) -> None:
    before = names_of(store, images[0])
    container = store.host.client.containers.create(images[0], ["/never-started"])
    try:
        assert store.forget({images[0]: [version("a").name]}) == []
        assert names_of(store, images[0]) == before
    finally:
        container.remove()


def test_what_others_built_or_pulled_is_not_forgotten(store: ImageStore) -> None:
    image = store.host.client.images.get(BASE)
    assert store.forget({str(image.id): ["v1"]}) == []
    assert store.id_of(BASE) == image.id
