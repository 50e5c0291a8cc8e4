"""While a release waits for its approval nothing runs and nothing is locked; whatever happens meanwhile, it ends clearly."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from rich.console import Console

from cli.control_plane import BIN
from cli.run import run as run_control_plane
from tests.crash.killing import process_of
from tests.e2e.mill import MILL, asked_again, serving, serving_mill, waiting_release
from tests.e2e.releases import MOST_SECONDS, ended, resume, start, state_of
from tests.installation import Installation
from tidegate.ledger.tables import Deployment
from tidegate.settings import ROOT

QUICK_HOURS = 15 / 3600


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with serving_mill(tmp_path_factory.mktemp("mill")) as started:
        yield started


def until(true: Callable[[], bool], seconds: float = MOST_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.3)


def newest(mill: Installation) -> Deployment:
    return mill.history(MILL)[0]


def watched_by_prefect(mill: Installation, **parameters: str) -> subprocess.Popen[str]:
    """`prefect deployment run release/prod ... --watch`, as a person or a CI job types it."""
    given = [part for key, value in parameters.items() for part in ("-p", f"{key}={value}")]
    return subprocess.Popen([BIN / "prefect", "deployment", "run", "release/prod", *given, "--watch"], text=True, cwd=ROOT,
                            env=mill.plane.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def serving_id(mill: Installation) -> str | None:
    now = mill.ledger.deployments.current(MILL, "prod")
    return now.id if now else None


def evidence(deployment: Deployment) -> str:
    """The page above the form, as it was shown last."""
    key = f"{deployment.stack}-{deployment.environment}-{deployment.number}-evidence"
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
                                      sort=ArtifactSort.CREATED_DESC)
    return str(found[0].data)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_prefects_own_command_watches_a_release_through_its_approval_and_ends_with_zero(mill: Installation) -> None:
    with watched_by_prefect(mill, stack=MILL, version="v1.1.0", watch_seconds="1") as command:
        until(lambda: newest(mill).version == "v1.1.0" and state_of(UUID(newest(mill).run_id)).is_paused())
        resume(UUID(newest(mill).run_id))
        output, _ = command.communicate(timeout=MOST_SECONDS)
    assert command.returncode == 0, output
    assert serving(mill, "prod") == "v1.1.0"


def test_prefects_own_command_does_not_end_with_zero_when_the_release_fails(mill: Installation) -> None:
    with watched_by_prefect(mill, stack=MILL, version="v9.9.9") as command:
        output, _ = command.communicate(timeout=MOST_SECONDS)
    assert command.returncode != 0, output
    assert newest(mill).version == "v1.1.0"


def test_approval_completes_a_release_whose_worker_and_server_were_killed_while_it_waited(mill: Installation) -> None:
    run = waiting_release("v1.4.0")
    until(lambda: process_of(run) == [], 60)
    assert mill.ledger.locks.holders() == []

    for process in (mill.plane.worker, mill.plane.zygote, mill.plane.server):
        os.kill(process.pid() or 0, signal.SIGKILL)
    until(lambda: not mill.plane.healthy(), 30)
    assert serving(mill, "prod") == "v1.1.0"
    run_control_plane(mill.settings, Console(quiet=True))

    assert state_of(run).is_paused()
    resume(run)
    state = ended(run)
    assert state.is_completed(), state.message
    assert serving(mill, "prod") == "v1.4.0"
    assert [one.decision for one in mill.ledger.approvals.of(newest(mill).id)] == ["approved"]


def test_an_approval_of_a_plan_that_has_changed_since_is_asked_for_again(mill: Installation) -> None:
    env_file = mill.settings.stacks / MILL / ".env.production"
    edit(env_file, "LOG_LEVEL=WARNING", "LOG_LEVEL=ERROR")
    run = waiting_release("v1.4.0")
    shown = newest(mill).plan_hash
    edit(env_file, "LOG_LEVEL=ERROR", "LOG_LEVEL=DEBUG")
    resume(run)
    asked_again(run)
    waiting = newest(mill)
    assert waiting.plan_hash != shown
    assert mill.ledger.approvals.of(waiting.id) == []
    assert "The plan has changed since it was shown" in evidence(waiting).splitlines()[0]
    assert "- Changed: `LOG_LEVEL`" in evidence(waiting)

    resume(run)
    state = ended(run)
    assert state.is_completed(), state.message
    assert [one.plan_hash for one in mill.ledger.approvals.of(waiting.id)] == [waiting.plan_hash]


def test_a_release_that_nobody_decides_about_expires_and_leaves_production_alone(mill: Installation) -> None:
    before = newest(mill)
    edit(mill.settings.stacks / MILL / ".env.production", "LOG_LEVEL=DEBUG", "LOG_LEVEL=INFO")
    edit(mill.settings.stacks / MILL / "stack.yaml", "approval_hours: 48", f"approval_hours: {QUICK_HOURS}")
    run = waiting_release("v1.4.0")
    end = time.monotonic() + MOST_SECONDS
    while "nobody decided" not in str((state := state_of(run)).message):
        assert time.monotonic() < end, "it still waits"
        ended(start("recover/all"))   # as its schedule does every minute
    assert state.is_cancelled() or state.is_failed()
    until(lambda: newest(mill).state.value == "expired")
    assert newest(mill).reason.startswith("nobody decided")
    assert serving_id(mill) == before.id
    assert mill.ledger.locks.holders() == []
