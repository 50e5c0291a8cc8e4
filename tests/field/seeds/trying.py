"""One seed on its way: by hand, check, adopt, staging, production, a second version under traffic,
and back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx

from tests.e2e.releases import APPROVAL, fill_in, start, wait
from tests.field.rows import NOT_SEEN, Row
from tests.field.seeds.by_hand import start_by_hand
from tests.field.seeds.images import docker
from tests.field.seeds.table import Seed, seed_named
from tests.field.traffic import Visitors
from tests.field.trying import QUIET_SECONDS, NotDoneError, checked, command, rows_told, timed
from tests.installation import Installation
from tidegate.stack.catalogue import every_stack
from tidegate.stack.file import Stack

MOST_SECONDS = 900


@dataclass(frozen=True)
class Trial:
    """One seed in the teams' folder, where its stack file says what is done."""

    tidegate: Installation
    seed: Seed
    row: Row

    @property
    def stack(self) -> Stack:
        return every_stack(self.tidegate.settings.stacks).find(self.seed.name)

    @property
    def before(self) -> str | None:
        """The environment that a release goes to first."""
        return self.stack.before(self.seed.environment)


def try_out(trial: Trial) -> None:
    """Fill in the row, up to the first step that cannot be done."""
    seed, row = trial.seed, trial.row
    try:
        row.check = checked(trial.tidegate, seed.name)
        for name in seed.calls:
            _ensure_released(Trial(trial.tidegate, seed_named(name), row))
        if seed.by_hand is not None:
            start_by_hand(trial.stack, seed)
            _adopt(trial)
        if trial.before:
            row.staging = timed(lambda: _release(seed, seed.versions[0], trial.before or ""))
        if seed.by_hand is None:
            row.prod = timed(lambda: _release(seed, seed.versions[0], seed.environment))
        _there_and_back(trial)
        if seed.later:
            _between_releases(trial)
    except (NotDoneError, AssertionError) as refused:
        row.unsaid.append(str(refused))


def _ensure_released(trial: Trial) -> None:
    """What was taken over has its port of the host until a release has stopped it."""
    seed = trial.seed
    if _serving(trial) not in (*seed.versions, *seed.later):
        _release(seed, seed.versions[0], seed.environment)


def _adopt(trial: Trial) -> None:
    """What runs by hand is taken over; people use it meanwhile, where it has a port of the host."""
    seed, row = trial.seed, trial.row
    visitors = Visitors(f"http://127.0.0.1:{seed.own_port}", seed.domain, seed)
    if not seed.own_port:
        row.adopt = timed(lambda: command(trial.tidegate, "adopt", seed.name, seed.environment))
        return
    with visitors:
        time.sleep(QUIET_SECONDS)
        took = timed(lambda: command(trial.tidegate, "adopt", seed.name, seed.environment))
        time.sleep(QUIET_SECONDS)
    row.adopt = f"{took}, {visitors.lost} of {visitors.total} lost"
    row.unsaid += visitors.faults()


def _there_and_back(trial: Trial) -> None:
    """The second version and the way back, while people read and write."""
    seed, row, before = trial.seed, trial.row, set[str]()
    visitors = Visitors(trial.tidegate.plane.edge_url, seed.domain, seed)
    try:
        with visitors:
            time.sleep(QUIET_SECONDS)
            before = ids_of(trial)
            first = _serving(trial)
            second = timed(lambda: _release(seed, seed.versions[1], seed.environment))
            row.prod = second if row.prod == NOT_SEEN else f"{row.prod}, then {second}"
            _serves(trial, seed.versions[1])
            row.back = timed(lambda: _roll_back(seed))
            _serves(trial, first)
            if seed.updates:
                updated = timed(lambda: _release(seed, seed.updates, seed.environment))
                row.prod += f", then {updated} with an update of each database"
                _serves(trial, seed.updates)
            time.sleep(QUIET_SECONDS)
    finally:
        row.lost = f"{visitors.lost} of {visitors.total}"
        row.gap = f"{visitors.longest_gap_seconds:.1f} s"
        row.unsaid += visitors.faults()
        if seed.write:
            row.rows = rows_told(before, visitors.confirmed, ids_of(trial))
        lost = (before | visitors.confirmed) - ids_of(trial)
        row.unsaid += [f"{len(lost)} confirmed rows are gone"] if lost else []


def _between_releases(trial: Trial) -> None:
    """From one release to the next and back: what was taken over has no part in it. A version that
    was taken back is on hold, so these are others."""
    seed, row = trial.seed, trial.row
    before, after = seed.later
    _release(seed, before, seed.environment)
    with Visitors(trial.tidegate.plane.edge_url, seed.domain, seed) as visitors:
        time.sleep(QUIET_SECONDS)
        _release(seed, after, seed.environment)
        _serves(trial, after)
        _roll_back(seed)
        _serves(trial, before)
        time.sleep(QUIET_SECONDS)
    row.lost += f", then {visitors.lost} of {visitors.total}"
    row.unsaid += visitors.faults()


def _release(seed: Seed, version: str, environment: str) -> None:
    words = {"stack": seed.name, "version": version, "environment": environment}
    run = start(f"release/{environment}", **words, watch_seconds=1, requested_by="mei")
    _done(f"release of {version} to {environment}", run)


def _roll_back(seed: Seed) -> None:
    words = {"stack": seed.name, "environment": seed.environment}
    run = start(f"rollback/{seed.environment}", **words, reason="tried", requested_by="mei")
    _done("rollback", run)


def _done(what: str, run: UUID) -> None:
    """A person approves where it asks."""
    state = wait(run, lambda one: one.is_paused() or one.is_final(), MOST_SECONDS)
    if state.is_paused():
        fill_in(run, APPROVAL)
        state = wait(run, lambda one: one.is_final(), MOST_SECONDS)
    if not state.is_completed():
        raise NotDoneError(f"{what}: {state.message}")


def _serving(trial: Trial) -> str:
    seed = trial.seed
    current = trial.tidegate.ledger.deployments.current(seed.name, seed.environment)
    return current.version if current else ""


def _serves(trial: Trial, version: str) -> None:
    """By the ledger, and by the page where it has the version in it. What was taken over goes by the
    tag that its container has."""
    seed = trial.seed
    if (serving := _serving(trial)) != version:
        raise NotDoneError(f"{serving} serves, and not {version}")
    page = trial.tidegate.get(seed.domain, seed.read).text
    shown = (
        version if version in (seed.versions[1], seed.updates, *seed.later) else seed.versions[0]
    )
    if seed.shows_version and shown not in page:
        raise NotDoneError(f"{shown} is to serve, and the page shows: {page}")
    if seed.on_host and not _answers(seed.on_host):
        raise NotDoneError(f"{version} serves, and nobody answers at {seed.on_host}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=10).is_success
    except httpx.HTTPError:
        return False


def ids_of(trial: Trial) -> set[str]:
    """The rows in production, asked where they are."""
    seed = trial.seed
    return set(_told(trial)) if seed.ids else set()


def _told(trial: Trial) -> Iterator[str]:
    seed = trial.seed
    if "/" not in seed.rows_in:
        yield from docker("exec", seed.rows_in, "sh", "-c", seed.ids).split()
        return
    file = Path(trial.stack.folder, seed.rows_in)
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as rows:
        yield from (str(number) for (number,) in rows.execute(seed.ids))
