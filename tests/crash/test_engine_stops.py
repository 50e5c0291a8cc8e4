"""The Docker engine of the machine stops in the middle of a release, and starts again. Every
container goes down with it, so requests are lost: how long, is measured. `make crash` runs this
last and alone."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from blocks.docker.host import DockerHost
from setup.places import ROOT
from tests.crash.killing import wait_for_step
from tests.crash.matrix import ENGINE_STOPPED, SIGNALS
from tests.crash.rows import keep_fault
from tests.crash.whole import (
    assert_whole,
    in_the_middle,
    next_version,
    recovered,
    serving_version,
    steady,
)
from tests.e2e.releases import ended, released, start
from tests.installation import Installation, domain_of

SOCKET = os.environ.get("DOCKER_HOST", "unix:///run/docker.sock").removeprefix("unix://")
MOST_SECONDS = 180


@pytest.mark.parametrize("name", SIGNALS)
def test_an_engine_that_stops_in_mid_release_leaves_the_environment_whole(
    tidegate: Installation, serving: str, name: str
) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    with steady(tidegate, serving) as visitors:
        release = start("release/prod", stack=serving, version=after, watch_seconds=1)
        wait_for_step(tidegate.settings, release, "start-slot", "intended")
        struck = time.monotonic()
        stop_engine(signal.Signals[name])
        start_engine()
        wait_until_ready(tidegate, serving)
        ended(release)
        recovered(tidegate, serving)
        seconds = time.monotonic() - struck
    assert_edge_came_back_by_itself(tidegate)
    assert_whole(tidegate, serving, release, {before, after})
    assert visitors.figures.failed > 0, "the engine was not stopped"
    keep_fault(
        ENGINE_STOPPED.format(signal=name),
        tidegate,
        serving,
        release,
        visitors,
        seconds,
        is_down=True,
    )

    then = next_version(tidegate, serving)
    state = released(stack=serving, version=then, watch_seconds=1)
    assert state.is_completed(), state.message
    assert serving_version(tidegate, serving) == then
    assert in_the_middle(tidegate, serving) == []


def stop_engine(by: signal.Signals) -> None:
    """The one that listens on the socket, as setup/engine.py started it, and wait until it has
    ended.

    A systemd that listens in its place is refused: it would start the engine again by itself.
    """
    assert os.environ.get("TIDEGATE_STOP_ENGINE") == "yes", (
        "this would take down every container of the machine"
    )
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(SOCKET)
        pid, _, _ = struct.unpack(
            "3i", asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        )
    assert Path(f"/proc/{pid}/comm").read_text().strip() == "dockerd", (
        "the engine was not started by `make setup`"
    )
    end = os.pidfd_open(pid)
    try:
        os.kill(pid, by)
        assert select.select([end], [], [], MOST_SECONDS)[0], "dockerd does not end"
    finally:
        os.close(end)


def start_engine() -> None:
    """As `make setup` does, from a process of its own, so that the engine is nobody's child when
    the tests end."""
    subprocess.run(
        [sys.executable, "-c", "from setup import engine; engine.ensure()"],
        cwd=ROOT,
        check=True,
        timeout=MOST_SECONDS,
    )


def wait_until_ready(tidegate: Installation, stack: str) -> None:
    """Edge, application and database, brought back by nothing but their restart policies."""
    end = time.monotonic() + MOST_SECONDS
    while not is_ready(tidegate, stack):
        assert time.monotonic() < end, "the application did not come back"
        time.sleep(0.5)


def is_ready(tidegate: Installation, stack: str) -> bool:
    try:
        return tidegate.get(domain_of(stack, "prod"), "/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def assert_edge_came_back_by_itself(tidegate: Installation) -> None:
    edge = DockerHost().client.containers.get(tidegate.settings.edge_name)
    assert edge.status == "running"
    assert edge.attrs["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
