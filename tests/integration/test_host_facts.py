"""The real host, measured."""

import os
import socket

import pytest

from blocks.docker.host import DockerHost
from blocks.docker.host_facts import EngineMeasures
from tests import images
from tidegate.errors import CapacityError

GIB = 1 << 30


def test_disk_and_memory_are_those_of_the_engine() -> None:
    host = DockerHost()
    facts = EngineMeasures(host).facts()
    root = os.statvfs(host.client.info()["DockerRootDir"])
    assert facts.disk_total == pytest.approx(root.f_blocks * root.f_frsize, rel=0.01)
    assert abs(facts.disk_free - root.f_bavail * root.f_frsize) < 10 * GIB  # others write meanwhile
    assert 0 < facts.memory_free <= facts.memory_total
    assert facts.memory_total == host.client.info()["MemTotal"]
    assert facts.platform in ("linux/amd64", "linux/arm64")
    assert facts.engine_version
    assert facts.compose_version.startswith(("2.", "3.", "4.", "5."))


def test_a_port_that_nobody_has_is_free() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    EngineMeasures(DockerHost()).require_free_port(port, "0.0.0.0")


def test_a_port_of_a_program_is_taken() -> None:
    with (
        socket.create_server(("0.0.0.0", 0)) as program,
        pytest.raises(CapacityError, match="outside Docker"),
    ):
        EngineMeasures(DockerHost()).require_free_port(program.getsockname()[1], "0.0.0.0")


def test_a_port_of_a_container_is_taken_and_its_owner_named() -> None:
    client = DockerHost().client
    container = client.containers.run(
        images.BASE, ["sleep", "60"], detach=True, init=True, ports={"80/tcp": ("127.0.0.1", 0)}
    )
    try:
        container.reload()
        port = int((container.ports["80/tcp"] or [])[0]["HostPort"])
        with pytest.raises(CapacityError, match=container.name):
            EngineMeasures(DockerHost()).require_free_port(port, "0.0.0.0")
    finally:
        container.remove(force=True, v=True)


def test_measuring_leaves_no_container() -> None:
    host = DockerHost()
    EngineMeasures(host).facts()
    with socket.create_server(("0.0.0.0", 0)) as program, pytest.raises(CapacityError):
        EngineMeasures(host).require_free_port(program.getsockname()[1], "0.0.0.0")
    assert host.containers({"tidegate.key": "host-facts"}) == []
