"""Whether an edge serves, for who changes nothing."""

from __future__ import annotations

from docker.models.containers import Container

from blocks.docker.engine_errors import engine_errors
from blocks.edges.traefik.container import EdgeMaker, ping
from blocks.edges.traefik.settings import DYNAMIC_FOLDER
from tidegate.errors import EdgeError


def edge_state(maker: EdgeMaker) -> str:
    """Raises EdgeError, EngineError."""
    doing = f"looking at the edge {maker.name}"
    refuse_foreign(maker, doing)
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


def refuse_foreign(maker: EdgeMaker, doing: str) -> None:
    """Raises EdgeError where the edge takes its routes from another folder: what is released here
    would never be seen by it."""
    with engine_errors(doing):
        container = maker.current()
    if container is not None and (folder := _foreign_folder(container, maker)):
        raise EdgeError(
            doing,
            f"it is another installation's: it reads {folder}",
            "Set TIDEGATE_EDGE_NAME, TIDEGATE_EDGE_PORT and TIDEGATE_EDGE_CHECK_PORT here, and "
            "`tidegate run` starts one of its own. Where that installation is gone or was moved "
            "here, `tidegate edge replace` puts one of this folder in its place",
        )


def _foreign_folder(container: Container, maker: EdgeMaker) -> str:
    """The folder that it takes its routes from, where that is not ours; empty where it is."""
    ours = str(maker.folder.resolve())
    mounts = container.attrs.get("Mounts") or ()
    read = [str(one.get("Source")) for one in mounts if one.get("Destination") == DYNAMIC_FOLDER]
    return next((folder for folder in read if folder != ours), "")
