"""Forwarders in memory: who answers to a name on a network of other stacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.world.engine import MemoryEngine
from tidegate.edge.facts import KnownName

Key = tuple[str, str]


@dataclass
class MemoryForwarders:
    """As of one engine, which keeps them."""

    engine: MemoryEngine

    def keep(self, stack: str, environment: str, names: Sequence[KnownName]) -> None:
        """The new ones first: a name that is there is answered at every moment."""
        there = self.engine.forwarded.get((stack, environment), {})
        if names:
            self.engine.forwarded[stack, environment] = there
        for name in names:
            if there.get((name.network, name.name)) != name.port:
                there[name.network, name.name] = name.port
                self.engine.moments.change(f"{name} leads to {stack} {environment}")
        for network, called in there.keys() - {(name.network, name.name) for name in names}:
            del there[network, called]
            self.engine.moments.change(f"{called} on the network {network} leads nowhere")

    def others(self, name: KnownName, apart_from: str) -> list[str]:
        """A container is called by its project here, as compose does it."""
        found = self.engine.attached.get(name.network, {}).get(name.name)
        return [found] if found and not found.startswith(f"{apart_from}-") else []
