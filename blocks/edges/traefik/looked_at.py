"""Whether an edge serves, for who changes nothing."""

from __future__ import annotations

from blocks.docker.engine_errors import engine_errors
from blocks.edges.traefik.container import EdgeMaker, ping
from tidegate.errors import EdgeError


def edge_state(maker: EdgeMaker) -> str:
    """Raises EdgeError, EngineError."""
    doing = f"looking at the edge {maker.name}"
    with engine_errors(doing):
        container = maker.current()
    if container is None:
        raise EdgeError(doing, "there is none", "`tidegate run` starts it")
    if container.status != "running":
        raise EdgeError(doing, f"its container is {container.status}", "`tidegate run` starts it")
    if trouble := ping(f"http://127.0.0.1:{maker.check_port}"):
        raise EdgeError(
            doing, f"it runs and does not answer ({trouble})", f"Read `docker logs {maker.name}`"
        )
    return f"answers on port {maker.public_port}"
