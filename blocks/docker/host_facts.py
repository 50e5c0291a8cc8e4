"""What a Docker host has, measured in a short container on it: the disk is Docker's, and a remote
host answers too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from docker.errors import APIError, ImageNotFound
from docker.models.images import Image

from blocks.docker.compose import Compose
from blocks.docker.ending import wait_for_end
from blocks.docker.engine_errors import engine_errors, is_port_taken
from blocks.docker.host import KEY_LABEL, DockerHost
from blocks.docker.images import platform_of
from tidegate.errors import CapacityError, EngineError
from tidegate.facts import HostFacts
from tidegate.plan.address_pools import DEFAULT_POOLS, networks_left
from tidegate.plan.image_labels import STACK_LABEL

_MEASURING = "measuring the Docker host"
_BUSY = "It was stopped and removed: look what keeps its machine so busy"
_MEASURE = "cat /proc/meminfo && df -Pk /"
_NO_SHELL = ("executable file not found", "no such file or directory")
_MOST_TRIED = 5
_SECONDS = 60


@dataclass(frozen=True)
class EngineMeasures:
    """Measures one engine and its machine, as they are now. Raises EngineError."""

    host: DockerHost

    def facts(self) -> HostFacts:
        """Engine, platform, disk of the Docker data root and memory."""
        with engine_errors(_MEASURING):
            engine = self.host.client.info()
            printed = _in_container(self.host, _MEASURE)
        memory, (disk_total, disk_free) = _memory(printed), _disk(printed)
        return HostFacts(
            engine_version=engine["ServerVersion"],
            compose_version=Compose(self.host, redact=str).version(),
            platform=platform_of(engine),
            disk_free=disk_free,
            disk_total=disk_total,
            memory_free=memory["MemAvailable"],
            memory_total=memory["MemTotal"],
        )

    def network_names(self) -> set[str]:
        """All networks of the engine."""
        with engine_errors("listing the networks"):
            return {str(network.name) for network in self.host.client.networks.list()}

    def open_networks(self) -> set[str]:
        """Those of them that lead out of the engine, as `internal` ones do not."""
        with engine_errors("listing the networks"):
            return {
                str(network.name)
                for network in self.host.client.networks.list()
                if not network.attrs["Internal"]
            }

    def free_networks(self) -> int:
        """How many more networks the engine can make out of its address pools."""
        with engine_errors("counting the networks"):
            given = self.host.client.info().get("DefaultAddressPools") or []
            pools = [(pool["Base"], int(pool["Size"])) for pool in given] or DEFAULT_POOLS
            ranges = [
                (one.attrs["IPAM"].get("Config") or []) for one in self.host.client.networks.list()
            ]
        return networks_left(
            pools, [one["Subnet"] for configs in ranges for one in configs if one.get("Subnet")]
        )

    def require_free_port(self, port: int, address: str) -> None:
        """Nobody on the host listens on TCP `port` of `address`.

        Raises CapacityError, with the owner where Docker knows it.
        """
        doing = f"taking port {port} of the host"
        with engine_errors(doing):
            if _can_publish(self.host, port, address):
                return
            publishers = self.host.client.containers.list(filters={"publish": f"{port}/tcp"})
        owners = [container.name for container in publishers]
        owner = f"the container {owners[0]}" if owners else "a program outside Docker"
        raise CapacityError(doing, f"{owner} has it", "Stop that, or choose another port")


def _can_publish(host: DockerHost, port: int, address: str) -> bool:
    try:
        _in_container(host, "true", (address, port))
    except APIError as error:
        if is_port_taken(error):
            return False
        raise
    return True


def _in_container(host: DockerHost, script: str, port: tuple[str, int] | None = None) -> str:
    """What a shell prints in a container of the largest image on the engine that has one."""
    return in_first_shell(host, islice(trusted_images(host), _MOST_TRIED), script, port)


def in_first_shell(
    host: DockerHost, images: Iterable[Image], script: str, port: tuple[str, int] | None = None
) -> str:
    """As above, of the first of `images` that has a shell and is still there."""
    for image in images:
        try:
            return _run(host, image, script, port)
        except ImageNotFound:
            continue
        except APIError as error:
            if not any(said in str(error.explanation) for said in _NO_SHELL):
                raise
    raise EngineError(
        _MEASURING,
        "no image on it has a shell, but those of released versions",
        "Pull a small one, such as `docker pull busybox`",
    )


def trusted_images(host: DockerHost) -> list[Image]:
    """The largest first. None that was built from a version: nobody may have accepted that one, and
    its shell is its own."""
    images = [
        one
        for one in host.client.images.list(filters={"dangling": False})
        if STACK_LABEL not in one.labels
    ]
    return sorted(images, key=lambda image: int(image.attrs["Size"]), reverse=True)


def _run(host: DockerHost, image: Image, script: str, port: tuple[str, int] | None) -> str:
    container = host.client.containers.create(
        image,
        ["-c", script],
        entrypoint=["/bin/sh"],
        user="0",
        labels={KEY_LABEL: "host-facts"},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        read_only=True,
        ports={f"{port[1]}/tcp": port} if port else {},
        network_mode="bridge" if port else "none",
    )
    try:
        container.start()
        if code := wait_for_end(container, _MEASURING, _SECONDS, _BUSY):
            raise EngineError(_MEASURING, f"`{script}` ended with {code}", "Run it there by hand")
        return container.logs(stdout=True, stderr=False).decode()
    finally:
        container.remove(force=True, v=True)


def _memory(printed: str) -> dict[str, int]:
    """Bytes by name, from /proc/meminfo."""
    pairs = (line.split() for line in printed.splitlines() if line.endswith(" kB"))
    return {name.rstrip(":"): int(size) * 1024 for name, size, _ in pairs}


def _disk(printed: str) -> tuple[int, int]:
    """Total and free bytes, from the last line of `df -Pk /`: name, total, used, free, percentage,
    mount point."""
    _, total, _, free, *_ = printed.splitlines()[-1].split()
    return int(total) * 1024, int(free) * 1024
