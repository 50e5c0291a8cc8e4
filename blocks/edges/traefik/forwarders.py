"""Forwarders: containers that answer to a name on a network of other stacks, and pass on what they
are asked to the edge, which knows who serves.

The edge itself is on no network of others: they would find all its doors there. A forwarder has one
entry point, at the port by which the name is called, and one way on. It says to the edge which name
was called by its `Host`, which a caller cannot change; and the edge takes that word from the
forwarders' addresses alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import httpx
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import LogConfig

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from blocks.edges.traefik.answers import ended_unanswered, is_own_404, served_by
from blocks.edges.traefik.forwarding import CONFIG_FILE, flags_for, forwarding
from blocks.edges.traefik.networks import EDGE_LABEL, ROLE_LABEL, ensure_control_network
from blocks.edges.traefik.settings import forwarders_range
from tidegate.edge.facts import KnownName
from tidegate.errors import EdgeError
from tidegate.facts import PROJECT_LABEL
from tidegate.secrecy.outside_text import clean_end
from tidegate.stack.slot import control_network_name
from tidegate.waiting import looks

ROLE = "forwarder"
OWNER_LABEL, NAME_LABEL, ADDRESS_LABEL = (
    "tidegate.forwards-to",
    "tidegate.known-as",
    "tidegate.address",
)
_STOP_SECONDS = 10
# The engine's own choice, anew at each start: one of ours may be another's after a reboot.
_ANY_PORT: Any = ("127.0.0.1", None)
_NOBODY = "nobody"
"""Seen where a forwarder does not listen yet."""


@dataclass(frozen=True)
class EngineForwarders:
    """The forwarders on one engine, made of the edge's own image. Raises EdgeError, EngineError."""

    host: DockerHost
    start_seconds: float = 20

    def keep(self, stack: str, environment: str, names: Sequence[KnownName]) -> None:
        """Have a forwarder for each of these names, and no other of this environment. Again:
        changes nothing. Each is seen to lead to the environment before an old one is taken away."""
        owner = f"{stack}/{environment}"
        with engine_errors(f"forwarding the names of {stack} {environment}"):
            there = self._of(owner)
            if not names and not there:
                return
            kept = {self._have(owner, name).id for name in names}
            for one in there:
                if one.id not in kept:
                    _remove(one)

    def have(self, stack: str, environment: str, names: Sequence[KnownName]) -> None:
        """Have those that are missing, and touch no other."""
        with engine_errors(f"forwarding the names of {stack} {environment}"):
            for name in names:
                self._have(f"{stack}/{environment}", name)

    def others(self, name: KnownName, apart_from: str) -> list[str]:
        """Containers that answer to the name on its network, without forwarders and without those
        of the compose project `apart_from`."""
        with engine_errors(f"looking who answers to {name}"):
            there = self.host.client.containers.list(filters={"network": name.network})
            return [
                str(one.name)
                for one in there
                if one.labels.get(ROLE_LABEL) != ROLE
                and one.labels.get(PROJECT_LABEL) != apart_from
                and name.name in _names(one, name.network)
            ]

    def _of(self, owner: str) -> list[Container]:
        labels = [f"{OWNER_LABEL}={owner}", f"{EDGE_LABEL}={self.host.edge_network}"]
        return self.host.client.containers.list(all=True, filters={"label": labels})

    def _have(self, owner: str, name: KnownName) -> Container:
        called = self._called(owner, name)
        try:
            found = self.host.client.containers.get(called)
            if found.status == "created":  # a run was killed while it made it
                found.remove(force=True)
                raise NotFound("made anew")
        except NotFound:
            found = self._create(called, owner, name)
        if found.status != "running":
            found.start()
        if _is_on(found, name.network):
            # a version that is dead stops nobody who puts another one in its place
            self._wait(found, name, lambda seen: seen != _NOBODY)
        else:
            self._wait(found, name, lambda seen: seen.startswith(f"{owner}/"))
            self._connect(found, name)
        return found

    def _create(self, called: str, owner: str, name: KnownName) -> Container:
        control = self.host.client.networks.get(control_network_name(self.host.edge_network))
        subnet = ensure_control_network(self.host)
        address = self._free_address(forwarders_range(subnet), called)
        container = self.host.client.containers.create(
            self._image(),
            flags_for(name.port),
            name=called,
            network=str(control.name),
            labels={
                ROLE_LABEL: ROLE,
                EDGE_LABEL: self.host.edge_network,
                OWNER_LABEL: owner,
                NAME_LABEL: str(name),
                ADDRESS_LABEL: address,
            },
            # Tidegate asks there whether it leads where it should
            ports={f"{name.port}/tcp": _ANY_PORT},
            restart_policy={"Name": "always"},
            cap_drop=["ALL"],
            cap_add=["NET_BIND_SERVICE"],
            security_opt=["no-new-privileges"],
            log_config=LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
        )
        container.put_archive("/", _archive(forwarding(name, subnet)))
        control.disconnect(container)
        control.connect(container, ipv4_address=address)
        return container

    def _free_address(self, within: IPv4Network, called: str) -> str:
        """Sought from a place of its own on, because two may be made at once."""
        labels = [f"{ROLE_LABEL}={ROLE}", f"{EDGE_LABEL}={self.host.edge_network}"]
        there = self.host.client.containers.list(all=True, filters={"label": labels})
        taken = {one.labels.get(ADDRESS_LABEL) for one in there}
        first = int(hashlib.sha256(called.encode()).hexdigest(), 16)
        count = within.num_addresses - 2
        places = (str(within[1 + (first + number) % count]) for number in range(count))
        return next(place for place in places if place not in taken)

    def _connect(self, container: Container, name: KnownName) -> None:
        if _is_on(container, name.network):
            return
        try:
            self.host.client.networks.get(name.network).connect(container, aliases=[name.name])
        except APIError as error:
            if "already exists in network" not in str(error.explanation):
                raise
        container.reload()

    def _wait(self, container: Container, name: KnownName, is_good: Callable[[str], bool]) -> None:
        seen = _NOBODY
        for _ in looks(self.start_seconds, 0.05):
            seen = _answer(container, name)
            if is_good(seen):
                return
            container.reload()  # its port, once it has one
        log = clean_end(container.logs(tail=5).decode(errors="replace")).strip()
        raise EdgeError(
            f"forwarding {name}",
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

    def _called(self, owner: str, name: KnownName) -> str:
        """The container's name: another one for whatever needs another container."""
        subnet = ensure_control_network(self.host)
        made_of = [owner, name.network, self._image(), *flags_for(name.port)]
        text = "\n".join([*made_of, forwarding(name, subnet)])
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        return f"{self.host.edge_network}-{name.name}-{digest}"


def _answer(container: Container, name: KnownName) -> str:
    """Which deployment answers through a forwarder, or what else is seen there."""
    ports = container.attrs["NetworkSettings"]["Ports"].get(f"{name.port}/tcp") or []
    if not ports:
        return _NOBODY
    url = f"http://127.0.0.1:{ports[0]['HostPort']}{name.ready_path}"
    host = {"Host": f"{name.name}:{name.port}"}
    try:
        with httpx.stream("GET", url, headers=host, timeout=5, trust_env=False) as answer:
            if is_own_404(answer):  # of a forwarder that has not read yet what it is told
                return _NOBODY
            return str(served_by(answer) or f"status {answer.status_code}")
    except httpx.HTTPError as error:
        return _NOBODY if ended_unanswered(error) else type(error).__name__


def _is_on(container: Container, network: str) -> bool:
    return network in container.attrs["NetworkSettings"]["Networks"]


def _names(container: Container, network: str) -> Iterator[str]:
    attached = container.attrs["NetworkSettings"]["Networks"].get(network) or {}
    yield str(container.name)
    yield from attached.get("Aliases") or []


def _remove(container: Container) -> None:
    with contextlib.suppress(NotFound, ImageNotFound):
        container.stop(timeout=_STOP_SECONDS)
        container.remove(v=True)


def _archive(text: str) -> bytes:
    data, packed = text.encode(), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(CONFIG_FILE.lstrip("/"))
        entry.size, entry.mode = len(data), 0o444
        archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
