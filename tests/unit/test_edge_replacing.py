"""What ends an interrupted replacement of the edge touches no replacement that is under way, and
leaves no port dead."""

from __future__ import annotations

import fcntl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import NotFound

from blocks.edges.traefik import port_redirect
from blocks.edges.traefik import replacing as edge_replacing
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.replacing import ONE_AT_A_TIME, EdgeReplacing
from tidegate.errors import EdgeError


def replacing(folder: Path, get: Any) -> EdgeReplacing:
    host = SimpleNamespace(client=SimpleNamespace(containers=SimpleNamespace(get=get)), url="")
    maker: Any = SimpleNamespace(name="edge", host=host, current=lambda: None)
    return EdgeReplacing(
        maker,
        TraefikEdge(
            config_directory=folder, public_url="http://127.0.0.1:1", check_url="http://127.0.0.1:2"
        ),
    )


def is_locked(folder: Path) -> bool:
    with (folder / ONE_AT_A_TIME).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_one_replacement_at_a_time_looks_and_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def get(name: str) -> None:
        seen.append(is_locked(tmp_path))
        raise NotFound(name)

    monkeypatch.setattr(port_redirect, "redirected", lambda comment: [])
    assert not replacing(tmp_path, get).finish()
    with pytest.raises(EdgeError, match="there is no container edge"):
        replacing(tmp_path, get).replace()
    assert seen == [True, True]
    assert not is_locked(tmp_path)


def test_the_edge_beside_stays_while_nobody_can_see_whether_ports_lead_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(
        edge_replacing, "stop_edge", lambda host, container: stopped.append(container)
    )
    monkeypatch.setattr(EdgeReplacing, "_have_edge", lambda self: None)
    monkeypatch.setattr(
        port_redirect, "why_impossible", lambda: "iptables says: another program has the lock"
    )
    beside = SimpleNamespace(name="edge-beside", status="exited", id="1")
    with pytest.raises(
        EdgeError, match=r"another program has the lock.*edge-beside serves meanwhile"
    ):
        replacing(tmp_path, lambda name: beside).finish()
    assert stopped == []
