"""What the ledger's tests share: a ledger in a new file, a clock that is set by hand, and
deployments in a state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tidegate.ledger import Deployment, Ledger, Release, schema
from tidegate.ledger.columns import DeploymentKind
from tidegate.policy.states import DeploymentState as S

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATH_TO = {
    S.WAITING: (S.WAITING,),
    S.CHANGING: (S.CHANGING,),
    S.WATCHING: (S.CHANGING, S.WATCHING),
    S.GOOD: (S.CHANGING, S.WATCHING, S.GOOD),
    S.FAILED: (S.CHANGING, S.FAILED),
}


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 1) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@cache
def _empty_ledger() -> bytes:
    """Upgraded once for all tests: a copy costs next to nothing."""
    with TemporaryDirectory() as folder:
        schema.upgrade(f"sqlite:///{folder}/ledger.db")
        return Path(folder, "ledger.db").read_bytes()


def ledger_url(folder: Path) -> str:
    """A new ledger in `folder`."""
    file = folder / "ledger.db"
    file.write_bytes(_empty_ledger())
    return f"sqlite:///{file}"


@contextmanager
def open_ledger(folder: Path, clock: Clock) -> Iterator[Ledger]:
    url = ledger_url(folder)
    numbers = count(1)
    ledger = Ledger(url, clock=clock, new_id=lambda: f"id-{next(numbers)}")
    yield ledger
    ledger.close()


def record_release(
    ledger: Ledger, version: str = "v1", *, config: str = "c1", stack: str = "cloudlens"
) -> Release:
    return ledger.releases.record(
        stack=stack,
        version=version,
        commit=f"{version.encode().hex():0<40}",
        images={"backend": f"sha256:{version}"},
        config_hash=config,
    )


def deploy(
    ledger: Ledger,
    version: str = "v1",
    state: S = S.GOOD,
    *,
    environment: str = "prod",
    run: str | None = None,
    origin: Deployment | None = None,
    kind: DeploymentKind = "rollback",
    figures: Mapping[str, Any] | None = None,
) -> Deployment:
    """A deployment that went the usual way to `state`."""
    release = origin.release if origin else record_release(ledger, version)
    run = run or f"run-{len(ledger.deployments.history('cloudlens', environment)) + 1}"
    deployment = ledger.deployments.open(
        key=f"release/{run}/{environment}",
        release_id=release.id,
        environment=environment,
        requested_by="mei",
        run_id=run,
        kind=kind if origin else "release",
        origin_id=origin.id if origin else None,
    )
    if figures:
        ledger.deployments.amend(deployment.id, figures=figures)
    for step in PATH_TO.get(state, ()):
        deployment = ledger.deployments.move(deployment.id, step, reason="test", actor="mei")
    return deployment
