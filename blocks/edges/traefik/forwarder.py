"""One forwarder: its container, made, started, and seen to lead where it should."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import httpx
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.types import LogConfig

from blocks.docker.engine_errors import is_port_taken
from blocks.docker.host import DockerHost
from blocks.edges.traefik.answers import ended_unanswered, is_own_404, served_by
from blocks.edges.traefik.forwarding import CONFIG_FILE, flags_for, forwarding
from blocks.edges.traefik.networks import EDGE_LABEL, ROLE_LABEL, ensure_control_network
from blocks.edges.traefik.settings import forwarders_range
from tidegate.edge.facts import CalledBy, HostPort, KnownName
from tidegate.errors import CapacityError, EdgeError
from tidegate.facts import FORWARDS_TO_LABEL
from tidegate.secrecy.outside_text import clean_end
from tidegate.stack.slot import control_network_name
from tidegate.waiting import looks

ROLE = "forwarder"
NAME_LABEL, PORT_LABEL, ADDRESS_LABEL = (
    "tidegate.known-as",
    "tidegate.kept-port",
    "tidegate.address",
)
# The engine's own choice, anew at each start: one of ours may be another's after a reboot.
_ANY_PORT: Any = ("127.0.0.1", None)
_NOBODY = "nobody"
"""Seen where a forwarder does not listen yet."""


@dataclass(frozen=True)
class ForwarderMaker:
    """Makes what one container is told `together`: a name with its ports, or a port of the host.
    Raises what the engine's client raises, EdgeError and CapacityError."""

    host: DockerHost
    start_seconds: float

    def have(self, owner: str, ones: Sequence[CalledBy]) -> Container:
        """The container, where it is called. Again: changes nothing."""
        name, place = self.called(owner, ones), ones[0]
        found = self._find(name)
        is_called = found is not None and (isinstance(place, HostPort) or _is_on(found, place))
        found = found or self._create(name, owner, ones)
        if found.status != "running":
            self._start(found, place)
        for one in ones:
            # a version that is dead stops nobody who puts another one in its place
            self._wait(
                found,
                one,
                (lambda seen: seen != _NOBODY)
                if is_called
                else (lambda seen: seen.startswith(f"{owner}/")),
            )
        if isinstance(place, KnownName):
            self._connect(found, place)
        return found

    def called(self, owner: str, ones: Sequence[CalledBy]) -> str:
        """The container's name: another one for whatever needs another container."""
        subnet, place = ensure_control_network(self.host), ones[0]
        what = place.name if isinstance(place, KnownName) else f"port-{place.port}"
        where = place.network if isinstance(place, KnownName) else place.host
        made_of = [owner, where, self._image(), *flags_for(ones), forwarding(ones, subnet)]
        digest = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:10]
        return f"{self.host.edge_network}-{what}-{digest}"

    def _find(self, name: str) -> Container | None:
        try:
            found = self.host.client.containers.get(name)
        except NotFound:
            return None
        if found.status != "created":
            return found
        found.remove(force=True)  # a run was killed while it made it
        return None

    def _create(self, name: str, owner: str, ones: Sequence[CalledBy]) -> Container:
        control = self.host.client.networks.get(control_network_name(self.host.edge_network))
        subnet = ensure_control_network(self.host)
        address = self._free_address(forwarders_range(subnet), name)
        place = ones[0]
        is_of_host = isinstance(place, HostPort)
        container = self.host.client.containers.create(
            self._image(),
            flags_for(ones),
            name=name,
            network=str(control.name),
            labels={
                ROLE_LABEL: ROLE,
                EDGE_LABEL: self.host.edge_network,
                FORWARDS_TO_LABEL: owner,
                **({PORT_LABEL: str(place.port)} if is_of_host else {NAME_LABEL: str(place)}),
                ADDRESS_LABEL: address,
            },
            ports={f"{one.port}/tcp": _published(one) for one in ones},
            restart_policy={"Name": "always"},
            cap_drop=["ALL"],
            cap_add=["NET_BIND_SERVICE"],
            security_opt=["no-new-privileges"],
            log_config=LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
        )
        container.put_archive("/", _archive(forwarding(ones, subnet)))
        control.disconnect(container)
        control.connect(container, ipv4_address=address)
        return container

    def _free_address(self, within: IPv4Network, name: str) -> str:
        """Sought from a place of its own on, because two may be made at once."""
        labels = [f"{ROLE_LABEL}={ROLE}", f"{EDGE_LABEL}={self.host.edge_network}"]
        there = self.host.client.containers.list(all=True, filters={"label": labels})
        taken = {one.labels.get(ADDRESS_LABEL) for one in there}
        first = int(hashlib.sha256(name.encode()).hexdigest(), 16)
        count = within.num_addresses - 2
        places = (str(within[1 + (first + number) % count]) for number in range(count))
        return next(place for place in places if place not in taken)

    def _start(self, container: Container, place: CalledBy) -> None:
        try:
            container.start()
        except APIError as error:
            if not is_port_taken(error):
                raise
            publishers = self.host.client.containers.list(filters={"publish": f"{place.port}/tcp"})
            owners = [
                one.labels.get(FORWARDS_TO_LABEL) or f"the container {one.name}"
                for one in publishers
            ]
            raise CapacityError(
                f"forwarding {place}",
                f"{', '.join(owners) or 'a program outside Docker'} has it",
                "Stop that, or take the port out of `kept_ports`; then run it again, or "
                "`tidegate run` where the version serves already",
                retryable=True,
            ) from None

    def _connect(self, container: Container, name: KnownName) -> None:
        if _is_on(container, name):
            return
        try:
            self.host.client.networks.get(name.network).connect(container, aliases=[name.name])
        except APIError as error:
            if "already exists in network" not in str(error.explanation):
                raise
        container.reload()

    def _wait(self, container: Container, one: CalledBy, is_good: Callable[[str], bool]) -> None:
        seen = _NOBODY
        for _ in looks(self.start_seconds, 0.05):
            seen = _answer(container, one)
            if is_good(seen):
                return
            container.reload()  # its port, once it has one
        log = clean_end(container.logs(tail=5).decode(errors="replace")).strip()
        raise EdgeError(
            f"forwarding {one}",
            f"after {self.start_seconds:g} s its container {container.name} answers by {seen} "
            f"(log: {log or 'empty'})",
            "Look whether the edge runs, then run it again",
            retryable=True,
        )

    def _image(self) -> str:
        """Of the edge that serves: whatever its image was called, it is here."""
        try:
            edge = self.host.client.containers.get(self.host.edge_network)
        except NotFound:
            raise EdgeError(
                "looking for the edge",
                f"there is no container {self.host.edge_network}",
                "Start it: `tidegate run`",
            ) from None
        return str(edge.attrs["Image"])


def is_called(forwarder: Container, place: CalledBy, port: int) -> bool:
    """Whether it was made for the name or port `place`, is there, and is called at `port`."""
    bound = (forwarder.attrs["HostConfig"]["PortBindings"] or {}).get(f"{port}/tcp") or []
    if isinstance(place, HostPort):
        return PORT_LABEL in forwarder.labels and any(
            one["HostIp"] == place.address for one in bound
        )
    is_made_for = bool(bound) and forwarder.labels.get(NAME_LABEL) == str(place)
    return is_made_for and _is_on(forwarder, place)


def _published(one: CalledBy) -> Any:
    """Where others call it; or, of a name, where Tidegate asks whether it leads where it should."""
    return (one.address, one.port) if isinstance(one, HostPort) else _ANY_PORT


def _answer(container: Container, one: CalledBy) -> str:
    """Which deployment answers through a forwarder, or what else is seen there."""
    ports = container.attrs["NetworkSettings"]["Ports"].get(f"{one.port}/tcp") or []
    if not ports:
        return _NOBODY
    at = one.address if isinstance(one, HostPort) and one.address != "0.0.0.0" else ""
    url = f"http://{at or '127.0.0.1'}:{ports[0]['HostPort']}{one.ready_path}"
    host = {"Host": one.asked}
    try:
        with httpx.stream("GET", url, headers=host, timeout=5, trust_env=False) as answer:
            if is_own_404(answer):  # of a forwarder that has not read yet what it is told
                return _NOBODY
            return str(served_by(answer) or f"status {answer.status_code}")
    except httpx.HTTPError as error:
        return _NOBODY if ended_unanswered(error) else type(error).__name__


def _is_on(container: Container, name: KnownName) -> bool:
    return name.network in container.attrs["NetworkSettings"]["Networks"]


def _archive(text: str) -> bytes:
    data, packed = text.encode(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(CONFIG_FILE.lstrip("/"))
        entry.size, entry.mode = len(data), 0o444
        archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
