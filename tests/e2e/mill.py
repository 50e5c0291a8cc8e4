"""MILL: a stack in English that asks a person before production, with a control plane of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from tests.e2e.releases import released, start, suspended, wait
from tests.installation import Installation, add_stack, domain_of, installation
from tidegate.settings import Settings

MILL = "mill" + os.environ.get("TIDEGATE_TEST_SUFFIX", "")


def add_mill(settings: Settings) -> None:
    add_stack(settings, MILL, changes={
        "title": "Mill", "language": "en", "smoke_repeat_seconds": 1, "environments.staging.drain_seconds": 1,
        "environments.prod.drain_seconds": 1})


@contextmanager
def serving_mill(folder: Path) -> Iterator[Installation]:
    """Staging and production serve v1.0.0, approved through the API."""
    with installation(folder, add_mill) as started:
        state = released(stack=MILL, version="v1.0.0", watch_seconds=1, requested_by="mei")
        assert state.is_completed(), state.message
        yield started


def waiting_release(version: str) -> UUID:
    """A release that waits for its approval."""
    run = start("release/prod", stack=MILL, version=version, watch_seconds=1, requested_by="mei")
    suspended(run)
    return run


def asked_again(run: UUID) -> None:
    """After an answer: the run goes on, and waits once more."""
    wait(run, lambda state: not state.is_paused())
    suspended(run)


def serving(mill: Installation, environment: str) -> str:
    """The version that a visitor gets."""
    return str(mill.get(domain_of(MILL, environment)).json()["version"])
