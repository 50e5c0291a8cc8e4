"""MILL: a stack in English that asks a person before production."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from blocks.docker.host import DockerHost
from cli.control_plane import BIN
from setup.places import ROOT
from tests.e2e.releases import MOST_SECONDS, start, state_of, suspended, wait
from tests.installation import MILL, Installation, domain_of
from tidegate.ledger.tables import Deployment

EARLIER_PAGES = (
    ("artifact-plan", "prod-plan", "Checks before the release"),
    ("artifact-smoke", "prod-2-smoke", "is v1.1.0"),
    ("artifact-backup", "prod-2-backup", "restored and compared in"),
    ("artifact-traffic", "prod-2-traffic", "Longest gap"),
)
"""The picture's name, the page's, and what it shows."""


def waiting_release(version: str) -> UUID:
    """A release that waits for its approval."""
    run = start("release/prod", stack=MILL, version=version, watch_seconds=1, requested_by="mei")
    suspended(run)
    return run


def asked_again(run: UUID) -> None:
    """After an answer: the run goes on, and waits once more."""
    wait(run, lambda state: not state.is_paused())
    suspended(run)


def newest(tidegate: Installation) -> Deployment:
    return tidegate.history(MILL)[0]


def is_waiting(tidegate: Installation) -> bool:
    """Whether a release has come to its question."""
    return bool(tidegate.history(MILL)) and state_of(UUID(newest(tidegate).run_id)).is_paused()


def serving(tidegate: Installation, environment: str) -> str:
    """The version that a visitor gets."""
    return str(tidegate.get(domain_of(MILL, environment)).json()["version"])


def serving_number(tidegate: Installation) -> int:
    """The deployment that a visitor of production gets."""
    return int(
        tidegate.get(domain_of(MILL, "prod")).headers["X-Tidegate-Deployment"].rsplit("/", 1)[-1]
    )


def containers() -> set[str]:
    """What runs or is kept of production."""
    return {
        one.name
        for one in DockerHost().containers({"tidegate.stack": MILL, "tidegate.environment": "prod"})
    }


def until(true: Callable[[], bool], seconds: float = MOST_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.3)


def watched_by_prefect(mill: Installation, **parameters: str) -> subprocess.Popen[str]:
    """`prefect deployment run release/prod ... --watch`, as a person or a CI job types it."""
    given = [part for key, value in parameters.items() for part in ("-p", f"{key}={value}")]
    return subprocess.Popen(
        [BIN / "prefect", "deployment", "run", "release/prod", *given, "--watch"],
        text=True,
        cwd=ROOT,
        env=mill.plane.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def evidence(deployment: Deployment) -> str:
    """The page above the form, as it was shown last."""
    key = f"{deployment.stack}-{deployment.environment}-{deployment.number}-evidence"
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
            sort=ArtifactSort.CREATED_DESC,
        )
    return str(found[0].data)


def env_file(mill: Installation) -> Path:
    return mill.settings.stacks / MILL / ".env.production"


def edit(file: Path, key: str, value: str) -> None:
    """Set `key`, in an env file or a stack file; it is there, with another value."""
    before = file.read_text()
    after = re.sub(rf"\b({key}(?:=|: ))[^\s,}}]+", rf"\g<1>{value}", before)
    assert after != before
    file.write_text(after)
