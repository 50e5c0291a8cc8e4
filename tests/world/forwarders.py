"""Forwarders in memory: who answers to a name on a network of other stacks, or at a port of the
host."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tests.world.engine import MemoryEngine
from tidegate.edge.facts import CalledBy, HostPort, KnownName
from tidegate.edge.hosts import are_one_property, is_of_host, of_host
from tidegate.errors import CapacityError
from tidegate.stack.slot import edge_network_name

Key = tuple[str, str]


@dataclass
class MemoryForwarders:
    """As of one engine, which keeps them."""

    engine: MemoryEngine

    def keep(self, stack: str, environment: str, called: Sequence[CalledBy]) -> None:
        """The new ones first: a name that is there is answered at every moment. But of a port of
        the host there is one, which a container behind the edge has for as long as it runs: its
        forwarder goes right before its successor comes, and before all names."""
        there = self.engine.forwarded.get((stack, environment), set())
        called = [one for one in called if not self._is_held_behind(stack, environment, one)]
        if called:
            self.engine.forwarded[stack, environment] = there
        wanted = {one.host for one in called}
        for one in sorted(called, key=lambda one: isinstance(one, KnownName)):
            if isinstance(one, HostPort):
                self._let_go_before(there - wanted, one, there)
            if one.host not in there:
                self._refuse_taken(one)
                there.add(one.host)
                self.engine.moments.change(f"{one} leads to {stack} {environment}")
        for host in sorted(there - wanted):
            self._remove(there, host)

    def let_go(self, stack: str, environment: str, ports: Collection[int]) -> None:
        there = self.engine.forwarded.get((stack, environment), set())
        for host in sorted(there):
            if is_of_host(host) and of_host(host)[1] in ports:
                self._remove(there, host)

    def lacking(self, stack: str, environment: str, called: Sequence[CalledBy]) -> list[CalledBy]:
        there = self.engine.forwarded.get((stack, environment), set())
        return [
            one
            for one in called
            if one.host not in there and not self._is_held_behind(stack, environment, one)
        ]

    def others(self, name: KnownName, apart_from: str) -> list[str]:
        """A container is called by its project here, as compose does it."""
        found = self.engine.attached.get(name.network, {}).get(name.name)
        return [found] if found and not found.startswith(f"{apart_from}-") else []

    def _is_held_behind(self, stack: str, environment: str, one: CalledBy) -> bool:
        behind = self.engine.attached.get(edge_network_name("edge", stack, environment), {})
        holder = self.engine.held(one.host) if isinstance(one, HostPort) else None
        return holder in behind.values()

    def _let_go_before(self, old: set[str], one: HostPort, there: set[str]) -> None:
        for host in sorted(old):
            if is_of_host(host) and are_one_property(host, one.host):
                self._remove(there, host)

    def _remove(self, there: set[str], host: str) -> None:
        there.remove(host)
        self.engine.moments.change(f"{host} leads nowhere")

    def _refuse_taken(self, one: CalledBy) -> None:
        if isinstance(one, HostPort) and (held := self.engine.held(one.host)):
            raise CapacityError(f"forwarding {one}", f"{held} has it", "Stop that")
