"""Containers that people started by hand with compose, seen and handled one by one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container

from blocks.docker.compose import STARTS_AT_ONCE
from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from blocks.docker.labelled import labelled
from blocks.docker.occupants import EngineOccupancy, mounts_of
from blocks.docker.stopping import stop_for_good
from tidegate.facts import PROJECT_LABEL, SERVICE_LABEL
from tidegate.plan.adoption import FoundContainer, PublishedPort


@dataclass(frozen=True)
class EngineHandStarted:
    """On one engine. Raises EngineError."""

    host: DockerHost

    def containers_of(self, project: str) -> list[FoundContainer]:
        """All containers of a compose project that belong to a service, running or not."""
        devices = {
            name: place.device for name, place in EngineOccupancy(self.host).volume_places().items()
        }
        with engine_errors(f"looking at the compose project {project}"):
            found = labelled(self.host.client, {PROJECT_LABEL: project})
            return [self._seen(one, devices) for one in found if one.labels.get(SERVICE_LABEL)]

    def volume_sizes(self) -> Mapping[str, int]:
        """Bytes of each volume that the engine can measure; a network share is none."""
        with engine_errors("measuring the volumes"):
            volumes = self.host.patient_api.df().get("Volumes") or []
        sizes = {one["Name"]: (one.get("UsageData") or {}).get("Size", -1) for one in volumes}
        return {name: size for name, size in sizes.items() if size >= 0}

    def attach(self, container: str, network: str, alias: str) -> None:
        """Put a container on one network more, under a name. Again: changes nothing."""
        with engine_errors(f"joining {container} to the network {network}"):
            there = self.host.client.containers.get(container)
            known = there.attrs["NetworkSettings"]["Networks"].get(network)
            if known is not None and alias in (known.get("Aliases") or []):
                return
            joined = self.host.client.networks.get(network)
            if known is not None:
                joined.disconnect(there)
            joined.connect(there, aliases=[alias])

    def detach(self, container: str, network: str) -> None:
        """Take it off again. Again, or without the container or the network: changes nothing."""
        with (
            engine_errors(f"taking {container} off the network {network}"),
            contextlib.suppress(NotFound),
        ):
            there = self.host.client.containers.get(container)
            if network in there.attrs["NetworkSettings"]["Networks"]:
                self.host.client.networks.get(network).disconnect(there)

    def stop(self, containers: Sequence[str], grace_seconds: int) -> None:
        """Stop containers and keep them. One that its engine would start again at the next boot is
        told not to."""
        with engine_errors("stopping what was taken over"):
            end = partial(stop_for_good, grace_seconds=grace_seconds)
            self._each(containers, end, at_once=len(containers))

    def start(self, containers: Sequence[str]) -> None:
        """Start stopped containers as they were."""
        with engine_errors("starting what was taken over"):
            self._each(containers, Container.start)

    def _each(self, containers: Sequence[str], act: Any, at_once: int = STARTS_AT_ONCE) -> None:
        found = list(self._there(containers))
        with ThreadPoolExecutor(at_once or 1) as pool:
            list(pool.map(act, found))

    def _there(self, containers: Sequence[str]) -> Iterator[Container]:
        for one in containers:
            with contextlib.suppress(NotFound):
                yield self.host.client.containers.get(one)

    def _seen(self, container: Container, devices: Mapping[str, str]) -> FoundContainer:
        attrs = container.attrs
        image = self._image(attrs["Image"])
        config = image.get("Config") or {}
        return FoundContainer(
            id=attrs["Id"],
            name=attrs["Name"].lstrip("/"),
            service=container.labels[SERVICE_LABEL],
            state=attrs["State"]["Status"],
            started_at=attrs["State"]["StartedAt"],
            image=attrs["Config"]["Image"],
            image_id=attrs["Image"],
            digests=tuple(image.get("RepoDigests") or ()),
            image_labels=config.get("Labels") or {},
            labels=container.labels,
            mounts=tuple(mounts_of(attrs["Mounts"], devices)),
            networks=tuple(sorted(attrs["NetworkSettings"]["Networks"])),
            ports=tuple(_ports(attrs)),
            environment=_pairs(attrs["Config"].get("Env")),
            image_environment=_pairs(config.get("Env")),
            command=_own_command(attrs["Config"].get("Cmd"), config.get("Cmd")),
        )

    def _image(self, image: str) -> Mapping[str, Any]:
        """What the engine knows of it; nothing where it was removed under a running container."""
        try:
            return self.host.client.images.get(image).attrs
        except ImageNotFound:
            return {}


def _ports(attrs: Mapping[str, Any]) -> Iterator[PublishedPort]:
    seen = set()
    for inside, places in (attrs["HostConfig"].get("PortBindings") or {}).items():
        number, _, protocol = inside.partition("/")
        for place in places or ():
            found = PublishedPort(
                place.get("HostIp") or "0.0.0.0", int(place.get("HostPort") or 0), int(number)
            )
            if protocol in ("", "tcp") and found not in seen:
                seen.add(found)
                yield found


def _own_command(command: list[str] | None, of_image: list[str] | None) -> tuple[str, ...] | None:
    return tuple(command) if command and command != of_image else None


def _pairs(entries: Sequence[str] | None) -> dict[str, str]:
    return {key: value for key, _, value in (entry.partition("=") for entry in entries or ())}
