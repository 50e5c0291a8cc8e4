"""Forwarders: containers that answer to a name on a network of other stacks, or at a port of the
host, and pass on what they are asked to the edge, which knows who serves.

The edge itself is on no network of others: they would find all its doors there. A forwarder has an
entry point for each port at which it is called, and one way on. It says to the edge what was called
by its `Host`, which a caller cannot change; and the edge takes that word from the forwarders'
addresses alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from blocks.edges.traefik.forwarder import PORT_LABEL, ROLE, ForwarderMaker, is_called
from blocks.edges.traefik.forwarding import together
from blocks.edges.traefik.networks import EDGE_LABEL, ROLE_LABEL
from tidegate.edge.facts import CalledBy, HostPort, KnownName
from tidegate.facts import FORWARDS_TO_LABEL, PROJECT_LABEL
from tidegate.stack.slot import edge_network_name

_STOP_SECONDS = 10


@dataclass(frozen=True)
class EngineForwarders:
    """The forwarders on one engine, made of the edge's own image. Raises EdgeError, EngineError."""

    host: DockerHost
    start_seconds: float = 20

    def keep(self, stack: str, environment: str, called: Sequence[CalledBy]) -> None:
        """Have a forwarder for each of these, and no other of this environment. Again: changes
        nothing. That of a name is seen to lead to the environment before an old one is taken away;
        a port of the host has room for one, so there the old one goes right before; ports come
        first, so that no name that fails leaves them closed. A port that a
        container behind the edge has itself stays with it: it was taken over, and runs still."""
        owner = f"{stack}/{environment}"
        with engine_errors(f"looking who forwards what others call of {stack} {environment}"):
            there = self._of(owner)
        if not called and not there:
            return
        with engine_errors(f"forwarding what others call of {stack} {environment}"):
            called = self._left_to_us(stack, environment, called)
            wanted = [(ones, self._maker.called(owner, ones)) for ones in together(called)]
            names = [name for _, name in wanted]
            kept = set[str | None]()
            for ones, _ in sorted(wanted, key=lambda one: isinstance(one[0][0], KnownName)):
                if isinstance(ones[0], HostPort):
                    at_port = _at_ports(there, {ones[0].port})
                    self._remove(one for one in at_port if one.name not in names)
                kept.add(self._maker.have(owner, ones).id)
            self._remove(one for one in self._of(owner) if one.id not in kept)

    def have(self, stack: str, environment: str, called: Sequence[CalledBy]) -> None:
        """Have those that are missing, and touch no other. Leaves the same ports as `keep`."""
        owner = f"{stack}/{environment}"
        with engine_errors(f"forwarding what others call of {stack} {environment}"):
            there = self._of(owner)
            for ones in together(self._left_to_us(stack, environment, called)):
                old = _at_ports(there, {ones[0].port}) if isinstance(ones[0], HostPort) else []
                if not old or self._maker.called(owner, ones) in [one.name for one in old]:
                    self._maker.have(owner, ones)

    def let_go(self, stack: str, environment: str, ports: Collection[int]) -> None:
        """Leave these ports of the host to somebody else. Again: changes nothing."""
        with engine_errors(f"leaving ports of the host that {stack} {environment} has"):
            self._remove(_at_ports(self._of(f"{stack}/{environment}"), ports))

    def lacking(self, stack: str, environment: str, called: Sequence[CalledBy]) -> list[CalledBy]:
        """Those of `called` that nobody leads to the environment: no forwarder of its own that
        runs, and no container that was taken over and has the port itself."""
        with engine_errors(f"looking who forwards what others call of {stack} {environment}"):
            there = [one for one in self._of(f"{stack}/{environment}") if one.status == "running"]
            return [
                one
                for ones in together(self._left_to_us(stack, environment, called))
                for one in ones
                if not any(is_called(forwarder, ones[0], one.port) for forwarder in there)
            ]

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

    @property
    def _maker(self) -> ForwarderMaker:
        return ForwarderMaker(self.host, self.start_seconds)

    def _of(self, owner: str) -> list[Container]:
        labels = [f"{FORWARDS_TO_LABEL}={owner}", f"{EDGE_LABEL}={self.host.edge_network}"]
        return self.host.client.containers.list(all=True, filters={"label": labels})

    def _left_to_us(
        self, stack: str, environment: str, called: Sequence[CalledBy]
    ) -> list[CalledBy]:
        network = edge_network_name(self.host.edge_network, stack, environment)
        return [
            one
            for one in called
            if not isinstance(one, HostPort)
            or not self.host.client.containers.list(
                filters={"publish": f"{one.port}/tcp", "network": network}
            )
        ]

    @staticmethod
    def _remove(containers: Iterable[Container]) -> None:
        for one in containers:
            with contextlib.suppress(NotFound, ImageNotFound):
                one.stop(timeout=_STOP_SECONDS)
                one.remove(v=True)


def _at_ports(there: Sequence[Container], ports: Collection[int]) -> list[Container]:
    told = {str(port) for port in ports}
    return [one for one in there if one.labels.get(PORT_LABEL) in told]


def _names(container: Container, network: str) -> Iterator[str]:
    attached = container.attrs["NetworkSettings"]["Networks"].get(network) or {}
    yield str(container.name)
    yield from attached.get("Aliases") or []
