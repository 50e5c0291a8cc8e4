"""Names and ports of a host that base services take, of which there is one on each host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.facts import ComposeModel
from tidegate.stack.slot import base_services, published_ports


def host_claims(model: ComposeModel, released: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Path in the compose files, and what is taken: `the name shop-db`, `the port 5432`."""
    for name in base_services(model, released):
        if fixed := model["services"][name].get("container_name"):
            yield f"services.{name}.container_name", f"the name {fixed}"
        for _, port in published_ports(model, name):
            yield f"services.{name}.ports", f"the port {port}"
