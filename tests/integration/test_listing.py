"""What somebody removes while we list it is no error: it is not there. Others build, test and clean
up on the same engine."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest
from docker.errors import NotFound

from blocks.docker.host import DockerHost
from blocks.docker.host_facts import in_first_shell, trusted_images
from blocks.docker.images import ImageStore
from tests.images import BASE
from tidegate.plan.image_labels import INPUTS_LABEL, REVISION_LABEL, STACK_LABEL

MANY = 12
Labels = dict[str, str]


@pytest.fixture
def host() -> DockerHost:
    return DockerHost()


@pytest.fixture
def labels() -> Labels:
    """Of one version, as its builds carry them; nothing else on the engine has them."""
    return {
        STACK_LABEL: f"tg-test-{uuid4().hex[:8]}",
        REVISION_LABEL: "a" * 40,
        INPUTS_LABEL: "the same",
    }


@contextmanager
def removed_meanwhile(
    host: DockerHost, ids: Iterable[str], remove: Callable[[str], object]
) -> Iterator[threading.Event]:
    """The event is set once all of `ids` have been removed, one after the other, by somebody
    else."""
    gone = threading.Event()

    def work() -> None:
        for one in ids:
            with suppress(NotFound):
                remove(one)
        gone.set()

    somebody = threading.Thread(target=work)
    somebody.start()
    try:
        yield gone
    finally:
        somebody.join()


def made_images(
    host: DockerHost, labels: Labels, count: int = MANY, *, named: bool = False
) -> list[str]:
    """Ids, newest first, as the engine lists them: one that is removed from the end has been listed
    and is asked for next."""
    changes = [f'LABEL {key}="{value}"' for key, value in labels.items()]
    name = uuid4().hex if named else None
    for number in range(count):
        host.client.api.import_image_from_data(
            _a_file_of_its_own(), repository=name, tag=str(number), changes=changes
        )
    wanted = [f"{key}={value}" for key, value in labels.items()]
    return [one["Id"] for one in host.client.api.images(filters={"label": wanted})]


def _a_file_of_its_own() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        content = uuid4().hex.encode()
        entry = tarfile.TarInfo("file")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def made_containers(host: DockerHost, labels: Labels) -> list[str]:
    """Ids, newest first, as the engine lists them."""
    make = [
        host.client.containers.create(BASE, ["true"], network="none", labels=labels)
        for _ in range(MANY)
    ]
    return [str(one.id) for one in reversed(make)]


def removed_image(host: DockerHost) -> Callable[[str], object]:
    return lambda image: host.client.images.remove(image, force=True)


def removed_container(host: DockerHost) -> Callable[[str], object]:
    return lambda container: host.client.containers.get(container).remove(force=True, v=True)


def test_images_that_go_while_they_are_looked_for_are_not_found(
    host: DockerHost, labels: Labels
) -> None:
    store, ids = ImageStore(host), made_images(host, labels)
    with removed_meanwhile(host, reversed(ids), removed_image(host)) as gone:
        while not gone.is_set():
            store.find(labels[STACK_LABEL], "a" * 40, "the same")
    assert store.find(labels[STACK_LABEL], "a" * 40, "the same") is None


def test_images_that_go_while_the_host_is_measured_are_no_fault_of_it(host: DockerHost) -> None:
    """None of a version: the measuring looks only at the others."""
    mark = {"test": uuid4().hex}
    ids = made_images(host, mark, named=True)
    with removed_meanwhile(host, reversed(ids), removed_image(host)) as gone:
        while not gone.is_set():
            trusted_images(host)
    assert not set(ids) & {one.id for one in trusted_images(host)}


def test_an_image_that_goes_before_it_is_used_is_passed_over(
    host: DockerHost, labels: Labels
) -> None:
    """The largest has been listed, and is gone when the container is made."""
    removed = host.client.images.get(made_images(host, labels, 1)[0])
    host.client.images.remove(str(removed.id), force=True)
    assert (
        in_first_shell(host, [removed, host.client.images.get(BASE)], "echo measured")
        == "measured\n"
    )


def test_containers_that_go_while_they_are_listed_are_not_there(
    host: DockerHost, labels: Labels
) -> None:
    ids = made_containers(host, labels)
    which: dict[str, Any] = {"label": [f"{key}={value}" for key, value in labels.items()]}
    with removed_meanwhile(host, reversed(ids), removed_container(host)) as gone:
        while not gone.is_set():
            host.client.containers.list(all=True, filters=which)
    assert host.client.containers.list(all=True, filters=which) == []
