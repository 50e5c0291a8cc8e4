"""Containers of `docker compose run` beside the services, as people leave them: no release takes one
for the service itself."""

from __future__ import annotations

import pytest

from flows.base import base
from flows.release import release
from tasks.data.databases import container_of, spec_of
from tasks.frame.environments import open_serving
from tests.flows.asking import BASE, asked
from tests.flows.beginnings import edit_database, take_over
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import Story, tell
from tests.world.one_offs import run_one_off

RELEASE = Story("a one-off", release, asked("v1.0.1"), before=(), prepare=take_over)


@pytest.fixture
def taken_over(library: Library) -> Installation:
    """The compose project stays the team's, so `docker compose run` goes on in it."""
    return library.begin(RELEASE)


@pytest.mark.parametrize("service", ["db", "web"])
@pytest.mark.parametrize("state", ["exited", "running"])
def test_one_of_a_service_hinders_no_release(
    taken_over: Installation, service: str, state: str
) -> None:
    left = run_one_off(taken_over.world.engine, "shop-prod", service, state=state)
    run = tell(taken_over, RELEASE)
    assert run.state.is_completed(), run.state.message
    assert left in taken_over.world.engine.containers_by_name.values()


def test_one_of_a_base_service_hinders_no_change_of_it(library: Library) -> None:
    change = Story("a one-off", base, BASE, prepare=edit_database(command=["--max-connections=9"]))
    made = library.begin(change)
    left = run_one_off(made.world.engine, "shop-prod", "db")
    run = tell(made, change)
    assert run.state.is_completed(), run.state.message
    assert left in made.world.engine.containers_by_name.values()


def test_the_database_is_entered_in_the_container_of_its_service(taken_over: Installation) -> None:
    run_one_off(taken_over.world.engine, "shop-prod", "db", state="running")
    env = open_serving("shop", "prod")
    assert container_of(env, spec_of(env, "main")) == "shop-prod-db-1"
