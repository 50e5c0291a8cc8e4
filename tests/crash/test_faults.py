"""Everything around a release fails: worker, Prefect server, database, edge, disk. Afterwards the environment is whole."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console

from blocks.docker_host import DockerHost
from cli.demo_traffic import SteadyClient
from cli.run import run
from tests.crash.killing import kill_process, wait_for_step
from tests.crash.whole import assert_whole, recovered, serving_version
from tests.e2e.releases import ended, released, start
from tests.installation import FERRY, Installation, domain_of

OTHER = {"v1.0.0": "v1.1.0", "v1.1.0": "v1.4.0", "v1.4.0": "v1.1.0"}


@pytest.fixture(scope="module")
def serving(tidegate: Installation) -> str:
    """A stack of which two versions were good."""
    if not tidegate.history(FERRY):
        for version in ("v1.0.0", "v1.1.0"):
            state = released(stack=FERRY, version=version, watch_seconds=1)
            assert state.is_completed(), state.message
    return FERRY


def test_a_killed_worker_leaves_the_environment_whole(tidegate: Installation, serving: str) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    with steady(tidegate, serving) as client:
        release = begin(serving, after)
        wait_for_step(tidegate.settings, release, "start-slot", "intended")
        kill_process(tidegate.plane.worker)
        run(tidegate.settings, Console(quiet=True))
        ended(release)
        recovered(tidegate, serving)
    assert_whole(tidegate, serving, release, {before, after})
    assert client.lost == 0, client.faults


def test_a_killed_prefect_server_leaves_the_environment_whole(tidegate: Installation, serving: str) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    with steady(tidegate, serving) as client:
        release = begin(serving, after)
        wait_for_step(tidegate.settings, release, "start-slot", "intended")
        kill_process(tidegate.plane.server)
        time.sleep(3)
        run(tidegate.settings, Console(quiet=True))
        recovered(tidegate, serving)
    assert_whole(tidegate, serving, release, {before, after})
    assert client.lost == 0, client.faults


def test_a_stopped_database_ends_the_release_and_the_next_one_succeeds(tidegate: Installation, serving: str) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    database = DockerHost().client.containers.get(f"{serving}-mysql-prod")
    release = begin(serving, after)
    wait_for_step(tidegate.settings, release, "back-up", "intended")
    database.stop(timeout=10)
    try:
        assert ended(release).is_failed()
    finally:
        database.start()
    recovered(tidegate, serving)
    assert_whole(tidegate, serving, release, {before})
    wait_until_database_answers(tidegate, serving)
    state = released(stack=serving, version=after, watch_seconds=1)
    assert state.is_completed(), state.message


def test_an_edge_that_restarts_in_mid_switch_ends_whole(tidegate: Installation, serving: str) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    edge = DockerHost().client.containers.get(tidegate.settings.edge_name)
    release = begin(serving, after)
    wait_for_step(tidegate.settings, release, "shift-traffic", "intended")
    edge.restart(timeout=1)
    ended(release)
    recovered(tidegate, serving)
    assert_whole(tidegate, serving, release, {before, after})


def test_a_full_disk_at_the_backup_changes_nothing(tidegate: Installation, serving: str) -> None:
    before, after = serving_version(tidegate, serving), next_version(tidegate, serving)
    with steady(tidegate, serving) as client, small_disk(tidegate.settings.home / "backups" / serving / "prod"):
        release = begin(serving, after)
        state = ended(release)
    assert state.is_failed()
    assert "free" in str(state.message)
    recovered(tidegate, serving)
    assert_whole(tidegate, serving, release, {before})
    assert client.lost == 0, client.faults


def begin(stack: str, version: str) -> UUID:
    return start("release/prod", stack=stack, version=version, watch_seconds=2)


def next_version(tidegate: Installation, stack: str) -> str:
    return OTHER[serving_version(tidegate, stack)]


@contextmanager
def steady(tidegate: Installation, stack: str) -> Iterator[SteadyClient]:
    with SteadyClient("prod", tidegate.plane.edge_url, domain_of(stack, "prod")) as client:
        yield client


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 64 KiB in place of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def wait_until_database_answers(tidegate: Installation, stack: str) -> None:
    end = time.monotonic() + 60
    while tidegate.get(domain_of(stack, "prod"), "/ready").status_code != 200:
        assert time.monotonic() < end, "the application did not find its database again"
        time.sleep(0.5)
