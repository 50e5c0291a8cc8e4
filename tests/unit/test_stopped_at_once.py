"""Containers are stopped at once: each has its whole grace, and all together take no longer than the
longest."""

from __future__ import annotations

from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from blocks.docker.adopting import EngineHandStarted
from blocks.docker.compose import Compose
from tidegate.stack.formats import MOST_WAIT_SECONDS

NUMBER = 12
MOST_SECONDS = 10.0


class Stubborn:
    """A container that ends when all others have been told to."""

    def __init__(self, name: str, told: Barrier, stop_timeout: int | None = None) -> None:
        self.name, self.told, self.labels = name, told, {"com.docker.compose.service": name}
        self.attrs: Any = {
            "HostConfig": {"RestartPolicy": {"Name": "no"}},
            "Config": {"StopTimeout": stop_timeout},
        }
        self.grace: int | None = None

    def stop(self, timeout: int) -> None:
        self.grace = timeout
        self.told.wait(MOST_SECONDS)


def host_of(there: list[Stubborn]) -> Any:
    by_name = {one.name: one for one in there}
    containers = SimpleNamespace(list=lambda **filters: there, get=by_name.__getitem__)
    return SimpleNamespace(client=SimpleNamespace(containers=containers))


@pytest.fixture
def stubborn() -> list[Stubborn]:
    told = Barrier(NUMBER)
    return [Stubborn(f"web-{number}", told) for number in range(NUMBER)]


def test_those_of_a_slot(stubborn: list[Stubborn]) -> None:
    Compose(host_of(stubborn)).stop("shop-prod-1", 7)
    assert {one.grace for one in stubborn} == {7}


def test_those_that_people_started(stubborn: list[Stubborn]) -> None:
    EngineHandStarted(host_of(stubborn)).stop([one.name for one in stubborn], 7)
    assert {one.grace for one in stubborn} == {7}


@pytest.mark.parametrize(
    ("own", "grace"), [(None, 7), (5, 7), (90, 90), (MOST_WAIT_SECONDS + 1, MOST_WAIT_SECONDS)]
)
def test_one_has_its_own_grace_as_long_as_a_step_can_wait(own: int | None, grace: int) -> None:
    alone = Stubborn("web-1", Barrier(1), own)
    Compose(host_of([alone])).stop("shop-prod-1", 7)
    assert alone.grace == grace


def test_nothing_there_is_nothing_to_stop() -> None:
    Compose(host_of([])).stop("shop-prod-1", 7)
