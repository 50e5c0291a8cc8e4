"""Released services that do one piece of work and end. Of what is taken over they may have no
container: their ended one was tidied up, or they have never run."""

from __future__ import annotations

import pytest

from flows.adopt import adopt
from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ADOPTION, ROLLBACK, asked
from tests.flows.beginnings import make_worker_a_job, remove_containers, run_without_job
from tests.flows.conftest import Library
from tests.flows.released import now, told
from tests.flows.stories import Story

TAKEOVER = Story("a takeover without its job", adopt, ADOPTION, before=(), prepare=run_without_job)


def test_one_that_no_other_service_waits_for_is_done_when_it_has_ended_well(
    library: Library,
) -> None:
    story = Story("a job", release, asked("v1.1.0"), before=(), prepare=make_worker_a_job)
    made = library.begin(story)
    assert told(made, "v1.1.0").state.is_completed()
    assert made.world.engine.containers_by_name["shop-prod-1-worker-1-1"].has_done_its_work


@pytest.mark.parametrize("is_removed", [False, True], ids=["kept", "removed"])
def test_the_way_back_leads_to_what_was_taken_over_without_it(
    library: Library, *, is_removed: bool
) -> None:
    """Also where the containers were removed since: then they are made again of their images."""
    made = library.begin(TAKEOVER)
    assert made.prefect.start(adopt, **ADOPTION).state.is_completed()
    assert told(made, "v1.1.0").state.is_completed()
    containers = made.world.engine.containers_by_name
    assert containers["shop-prod-2-worker-2-1"].has_done_its_work
    if is_removed:
        remove_containers(made, "web", "beat")
    went_back = made.prefect.start(rollback, **ROLLBACK)
    assert went_back.state.is_completed(), went_back.state.message
    assert now(made).version == "v1.0.0"
    assert [name for name in containers if name.endswith("worker-1-1")] == []


def test_a_person_is_told_that_the_next_release_runs_it(library: Library) -> None:
    made = library.begin(TAKEOVER)
    run = made.prefect.start(adopt, **{**ADOPTION, "plan_only": True})
    assert run.state.is_completed(), run.state.message
    [page] = run.pages.values()
    assert "worker: has no container there; the next release runs it" in page
