"""A release that waits for a person: a newer one comes, or its run ends first. And one that need
not wait, because its version serves already."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prefect.states import Crashed

import tasks.people.acceptance
from flows.release import release
from tests.flows.asking import answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import ENV, Installation
from tests.flows.judging import faults, serving
from tests.flows.prefect_memory import Run
from tests.flows.stories import STORIES, settle
from tidegate.ledger.tables import Deployment
from tidegate.policy.states import DeploymentState

BY_STAGING = next(one for one in STORIES if one.name == "a release by way of staging")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = replace(BY_STAGING, with_staging=False)


def waiting(made: Installation) -> Run:
    """A release of v1.1.0 that nobody has decided about."""
    made.prefect.answer = None
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_paused(), run.state.message
    made.world.notifiers["team"].sent.clear()
    return run


def newest(made: Installation) -> Deployment:
    return made.ledger.deployments.history("shop", "prod", limit=1)[0]


def ends_told(made: Installation) -> list[str]:
    """What people were told since, but for what they were asked."""
    told = made.world.notifiers["team"].sent
    return [f"{one.title}\n{one.body}" for one in told if one.kind != "staging_ready"]


def test_a_newer_release_overtakes_the_one_that_waits_and_each_end_is_told(
    library: Library,
) -> None:
    made = library.begin(BY_STAGING)
    began, older = serving(made), waiting(made)
    first = newest(made)
    made.prefect.answer = answering("reject")
    newer = made.prefect.start(release, **asked("v1.2.0", requested_by="Josh"))
    second = newest(made)
    why = f"overtaken by #{second.number} v1.2.0"
    assert older.state.is_cancelled()
    assert why in str(older.state.message)
    assert newer.state.is_failed()
    now = made.ledger.deployments.get(first.id)
    assert (now.state, now.reason) == (DeploymentState.EXPIRED, why)
    assert second.state is DeploymentState.REJECTED
    assert serving(made)["prod"] == began["prod"]
    overtaken, rejected = ends_told(made)
    assert [
        one for one in ("Version: v1.1.0", "Asked for by: Mei", why) if one not in overtaken
    ] == []
    assert "Version: v1.2.0" in rejected
    assert "tried on staging" in rejected
    assert [*settle(made), *faults(made, began)] == []


def test_a_release_whose_run_is_over_before_anybody_decided_is_ended_by_recovery_and_told(
    library: Library,
) -> None:
    made = library.begin(BY_STAGING)
    began, run = serving(made), waiting(made)
    run.states.append(Crashed(message="the machine went down"))
    assert settle(made) == []
    assert newest(made).state is DeploymentState.EXPIRED
    assert serving(made)["prod"] == began["prod"]
    [told] = ends_told(made)
    wanted = ("Version: v1.1.0", "Asked for by: Mei", "its run is Crashed")
    assert [one for one in wanted if one not in told] == []


def test_a_decision_that_comes_too_late_is_none_and_is_told(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = library.begin(BY_STAGING)
    began, run = serving(made), waiting(made)
    monkeypatch.setattr(tasks.people.acceptance, "decide_before", lambda work: LONG_AGO)
    made.prefect.answer = answering("approve")
    state = made.prefect.start(release, run.id, **asked("v1.1.0")).state
    assert state.is_failed()
    assert "nobody decided before" in str(state.message)
    assert newest(made).state is DeploymentState.EXPIRED
    assert serving(made)["prod"] == began["prod"]
    [told] = ends_told(made)
    assert "Version: v1.1.0" in told


def test_the_same_version_again_asks_nobody_and_leaves_staging_alone_too(
    library: Library,
) -> None:
    made = library.begin(BY_STAGING)
    made.prefect.answer, began = None, serving(made)
    made.world.moments.begin_anew()
    again = made.prefect.start(release, **asked("v1.0.0"))
    assert again.state.is_completed()
    assert "v1.0.0 runs already as #1" in str(again.state.message)
    assert serving(made) == began
    assert newest(made).number == began["prod"]
    assert made.world.moments.changes == []


def test_the_same_version_with_another_configuration_is_another_release(library: Library) -> None:
    made = library.begin(AT_ONCE)
    before, file = newest(made), made.home.parent / "stacks" / "shop" / ".env"
    file.write_text(f"{ENV.format('shop-prod')}LOG_LEVEL=ERROR\n")
    try:
        state = made.prefect.start(release, **asked("v1.0.0")).state
    finally:
        file.write_text(ENV.format("shop-prod"))
    assert state.is_completed(), state.message
    now = newest(made)
    assert (now.number, now.state) == (before.number + 1, DeploymentState.GOOD)
    assert now.release.images == before.release.images
    assert [*settle(made), *faults(made, {"prod": before.number})] == []
