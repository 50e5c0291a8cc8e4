"""Names on networks and ports of the host by which others call who serves, and where nobody answers
them."""

from __future__ import annotations

from collections.abc import Sequence

from blocks.docker.host import DockerHost
from blocks.edges.traefik.folder import EdgeFolder
from tidegate.edge.facts import CalledBy
from tidegate.edge.known_names import known_names
from tidegate.errors import EngineError
from tidegate.settings import Settings


def called(settings: Settings, stack: str, environment: str) -> list[CalledBy]:
    """As the edge was told; nothing while nobody serves."""
    return [
        name
        for route in EdgeFolder(settings.home / "edge").routes().good
        if (route.stack, route.environment) == (stack, environment)
        for target in route.targets
        for name in known_names(target)
    ]


def unanswered(
    settings: Settings, stack: str, environment: str, names: Sequence[CalledBy]
) -> list[str]:
    """A sentence for each at which nobody answers. Nothing where the engine does not say."""
    if not names:
        return []
    from blocks.edges.traefik.forwarders import EngineForwarders

    forwarders = EngineForwarders(DockerHost(edge_network=settings.edge_name))
    try:
        lacking = forwarders.lacking(stack, environment, names)
    except EngineError:
        return []
    return [f"nobody answers at {one}" for one in lacking]
