"""Images built by the real engine from small exported folders."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import docker
import pytest
from docker.errors import ImageNotFound

from blocks.docker_host import DockerHost
from blocks.images import ImageStore, release_labels
from tests.images import BASE
from tidegate.errors import CapacityError, ImageError
from tidegate.facts import Commit, Version

DOCKERFILE = f"FROM {BASE}\nARG GREETING=none\nCOPY app.txt /app.txt\nRUN echo $GREETING > /greeting.txt\n"


@pytest.fixture
def store() -> ImageStore:
    return ImageStore(DockerHost())


@pytest.fixture
def stack(store: ImageStore) -> Iterator[str]:
    name = f"tg-test-{uuid4().hex[:8]}"
    yield name
    for image in store.host.client.images.list(filters={"label": f"tidegate.stack={name}"}):
        store.host.client.images.remove(image.id, force=True)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "app.txt").write_text(uuid4().hex)   # nothing of an earlier test comes from the build cache
    return tmp_path


def version(digit: str) -> Version:
    return Version(f"sha-{digit * 7}", Commit(digit * 40, "a change", "Dev", datetime(2026, 11, 1, tzinfo=UTC)))


def build(store: ImageStore, exported: Path, stack: str, of: Version, build_args: dict[str, str] | None = None) -> str:
    inputs = store.inputs(exported, "Dockerfile", ".", build_args or {})
    labels = release_labels(stack, "Demo", of, "https://example.com/app.git", inputs)
    return store.build(exported, "Dockerfile", tags=[f"{stack}:{of.name}"], labels=labels, build_args=build_args or {})


def layers_with(client: docker.DockerClient, marker: str) -> list[str]:
    """Layers whose command names `marker`; other people build on this engine at the same time."""
    found = []
    for image in client.images.list(all=True):
        with contextlib.suppress(ImageNotFound):
            found += [image.id for layer in image.history() if marker in layer["CreatedBy"]]
    return found


def test_an_image_says_what_it_is(store: ImageStore, exported: Path, stack: str) -> None:
    built = build(store, exported, stack, version("a"))
    labels = store.host.client.images.get(built).labels
    assert built.startswith("sha256:")
    assert labels["org.opencontainers.image.revision"] == "a" * 40
    assert labels["org.opencontainers.image.version"] == "sha-aaaaaaa"
    assert labels["org.opencontainers.image.created"] == "2026-11-01T00:00:00+00:00"


def test_a_built_image_is_found_by_commit_and_inputs(store: ImageStore, exported: Path, stack: str) -> None:
    inputs = store.inputs(exported, "Dockerfile", ".", {})
    assert store.find(stack, "a" * 40, inputs) is None
    built = build(store, exported, stack, version("a"))
    assert store.find(stack, "a" * 40, inputs) == built
    assert store.find(stack, "b" * 40, inputs) is None
    assert store.find("another-stack", "a" * 40, inputs) is None


def test_other_inputs_are_another_image(store: ImageStore, exported: Path, stack: str) -> None:
    build(store, exported, stack, version("a"))
    for inputs in (store.inputs(exported, "Dockerfile", ".", {"GREETING": "hello"}),
                   store.inputs(exported, "Dockerfile", "sub", {})):
        assert store.find(stack, "a" * 40, inputs) is None


def test_a_new_base_image_is_another_image(store: ImageStore, exported: Path, stack: str) -> None:
    base = f"{stack}:base"
    (exported / "Dockerfile").write_text(f"FROM {base}\n")
    store.tag(build(store, write(exported / "one"), stack, version("a")), base)
    before = store.inputs(exported, "Dockerfile", ".", {})
    assert store.inputs(exported, "Dockerfile", ".", {}) == before
    store.tag(build(store, write(exported / "two"), stack, version("b")), base)
    assert store.inputs(exported, "Dockerfile", ".", {}) != before


def write(folder: Path) -> Path:
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "app.txt").write_text(uuid4().hex)
    return folder


def test_build_arguments_reach_the_build(store: ImageStore, exported: Path, stack: str) -> None:
    built = build(store, exported, stack, version("a"), {"GREETING": "hello"})
    said = store.host.client.containers.run(built, ["cat", "/greeting.txt"], network="none", remove=True)
    assert said == b"hello\n"


def test_a_failed_build_shows_its_last_lines_and_leaves_no_layer(
        store: ImageStore, exported: Path, stack: str) -> None:
    last = "RUN seq 100 && echo the reason is hunter2 && exit 7\n"
    (exported / "Dockerfile").write_text(f"{DOCKERFILE}RUN echo {stack}\n{last}")
    redacting = ImageStore(store.host, redact=lambda text: text.replace("hunter2", "***"))
    with pytest.raises(ImageError, match=r"the reason is \*\*\*") as caught:
        build(redacting, exported, stack, version("a"))
    assert "returned a non-zero code: 7" in caught.value.came_back
    assert "\n70\n" in caught.value.came_back
    assert "\n50\n" not in caught.value.came_back
    assert layers_with(store.host.client, stack) == []
    assert store.host.client.images.get(BASE)


def test_a_failed_build_leaves_the_layers_of_a_good_one(store: ImageStore, exported: Path, stack: str) -> None:
    good = build(store, exported, stack, version("a"))
    (exported / "Dockerfile").write_text(DOCKERFILE + "RUN exit 1\n")
    with pytest.raises(ImageError):
        build(store, exported, stack, version("b"))
    assert store.host.client.images.get(good).tags == [f"{stack}:sha-aaaaaaa"]


def test_a_full_disk_is_a_capacity_error(store: ImageStore, exported: Path, stack: str) -> None:
    (exported / "Dockerfile").write_text(DOCKERFILE + "RUN head -c 1 /dev/zero > /dev/full\n")
    with pytest.raises(ImageError):   # the command's own words are the code's, and no proof of a full engine
        build(store, exported, stack, version("a"))
    assert isinstance(store._failed("building", "write /var/lib: no space left on device", []), CapacityError)


def test_a_build_that_does_not_end_is_given_up(store: ImageStore, exported: Path, stack: str) -> None:
    (exported / "Dockerfile").write_text(f"{DOCKERFILE}RUN echo {stack}\nRUN while sleep 0.2; do echo waiting; done\n")
    impatient = ImageStore(store.host, build_timeout_seconds=3)
    with pytest.raises(ImageError, match="no end after 3 s"):
        build(impatient, exported, stack, version("a"))
    assert layers_with(store.host.client, stack) == []


def test_a_label_cannot_be_taken_over_by_the_dockerfile(store: ImageStore, exported: Path, stack: str) -> None:
    (exported / "Dockerfile").write_text(DOCKERFILE + f"LABEL org.opencontainers.image.revision={'f' * 40}\n")
    built = build(store, exported, stack, version("a"))
    assert store.host.client.images.get(built).labels["org.opencontainers.image.revision"] == "a" * 40


def test_a_missing_dockerfile_is_named(store: ImageStore, exported: Path) -> None:
    with pytest.raises(ImageError, match="docker/Dockerfile"):
        store.inputs(exported, "docker/Dockerfile", ".", {})


def test_an_image_id_that_is_gone_is_refused(store: ImageStore) -> None:
    with pytest.raises(ImageError, match="not on the engine"):
        store.ensure("sha256:" + "0" * 64)
    with pytest.raises(ImageError, match="not on the engine"):
        store.tag("sha256:" + "0" * 64, "demo:latest")


def test_an_alias_moves_to_the_new_image(store: ImageStore, exported: Path, stack: str) -> None:
    first = build(store, exported, stack, version("a"))
    (exported / "app.txt").write_text("changed")
    second = build(store, exported, stack, version("b"))
    for image in (first, second):
        store.ensure(image)
        store.tag(image, f"{stack}:production")
        assert store.host.client.images.get(f"{stack}:production").id == image


def test_an_image_for_another_platform_is_refused(store: ImageStore, stack: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    host = store.host.client.info()["Architecture"]
    other = "linux/amd64" if host == "aarch64" else "linux/arm64"
    said = store.host.client.api.build(path=str(tmp_path), platform=other, labels={"tidegate.stack": stack},
                                       tag=f"{stack}:foreign", rm=True, decode=True)
    assert [line for line in said if "error" in line] == []
    with pytest.raises(ImageError, match=f"the image is for {other}"):
        store.ensure(f"{stack}:foreign")
