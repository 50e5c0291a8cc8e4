"""Each flow by itself, in each way that it can go."""

from __future__ import annotations

import pkgutil
import time
from collections import Counter
from collections.abc import Mapping
from importlib import import_module

import pytest

import tasks
from flows.adopt import adopt
from flows.base import base
from flows.release import release
from flows.rollback import rollback
from tasks.frame.step import StepTask
from tests.flows.asking import ADOPTION, BASE, ROLLBACK, asked
from tests.flows.base_stories import BASE_STORIES
from tests.flows.beginnings import edit_database, give_back
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.journal import differs_from_kept, kept_steps, known
from tests.flows.judging import faults, serving
from tests.flows.name_stories import NAME_STORIES
from tests.flows.port_stories import PORT_STORIES
from tests.flows.stories import STORIES, Story, settle, tell
from tests.flows.tenant_stories import TENANT_STORIES
from tidegate.policy.states import DeploymentState

ROUNDED_SECONDS = 0.1
STORIES_OF_ALL = [*STORIES, *BASE_STORIES, *TENANT_STORIES, *NAME_STORIES, *PORT_STORIES]
each_story = pytest.mark.parametrize("story", STORIES_OF_ALL, ids=lambda story: story.id)


def steps() -> set[str]:
    """The name of every step that there is in tasks/."""
    modules = [
        import_module(module.name) for module in pkgutil.walk_packages(tasks.__path__, "tasks.")
    ]
    return {
        one.name for module in modules for one in vars(module).values() if isinstance(one, StepTask)
    }


@each_story
def test_a_story_ends_as_it_must_and_started_again_makes_nothing_twice(
    library: Library, story: Story
) -> None:
    """Prefect starts a run again whose process it has lost."""
    made = library.begin(story)
    began, before, at = serving(made), known(made), time.monotonic()
    run = tell(made, story)
    assert longest(made, began) <= time.monotonic() - at + ROUNDED_SECONDS
    for_staging = story.is_for_staging
    assert [*settle(made), *faults(made, began, is_for_staging=for_staging)] == []
    assert differs_from_kept(made, story.id, run, before) == ""
    made.prefect.start(story.flow, run.id, **story.asked)
    assert [*settle(made), *faults(made, began, is_for_staging=for_staging)] == []
    now = made.ledger.deployments.current("shop", "prod")
    assert (now.version if now else "") == story.serves
    said = Counter(
        (sent.title, sent.body) for one in made.world.notifiers.values() for sent in one.sent
    )
    assert [title for (title, _), times in said.items() if times > 1] == []


def longest(made: Installation, began: Mapping[str, int]) -> float:
    """The seconds of the longest step since then, as their evidence says it."""
    deployments = [
        one
        for name in ("prod", "staging")
        for one in made.ledger.deployments.history("shop", name)
        if one.number > began.get(name, 0)
    ]
    steps = [step for one in deployments for step in made.ledger.journal.steps(one.id)]
    said = [one.evidence["seconds"] for one in steps if one.is_done and "seconds" in one.evidence]
    assert min(said, default=0) >= 0
    return max(said, default=0.0)


def test_where_a_failed_release_would_lose_data_a_person_decides_until_a_corrected_version_is_good(
    library: Library,
) -> None:
    story = next(one for one in STORIES if one.id == "a-version-whose-migration-would-lose-data")
    made = library.begin(story)
    tell(made, story)
    [left] = made.ledger.deployments.history("shop", "prod", limit=1)
    assert left.state is DeploymentState.NEEDS_PERSON
    assert "It began with: " in left.reason
    made.prefect.start(release, **asked("v1.3.0"))
    assert made.ledger.deployments.get(left.id).state is DeploymentState.FAILED
    now = made.ledger.deployments.current("shop", "prod")
    assert (now.version if now else None) == "v1.3.0"


def test_what_was_given_back_can_be_taken_over_again(library: Library) -> None:
    """Until then the ledger says what served when it was given back, and no way leads back to
    before."""
    story = Story("a second takeover", adopt, ADOPTION, before=(), prepare=give_back)
    made = library.begin(story)
    assert faults(made, {}) != []
    tell(made, story)
    assert [*settle(made), *faults(made, {"prod": 2})] == []
    now = made.ledger.deployments.current("shop", "prod")
    assert (now.number if now else None) == 3
    assert made.prefect.start(rollback, **ROLLBACK).state.is_failed()


def test_what_was_taken_over_is_stopped_where_old_slots_stay_warm_too(library: Library) -> None:
    """It has ports of the host, and no later release would stop it."""
    story = next(one for one in STORIES if one.name == "a release over what was taken over")
    made = library.begin(story)
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(
        file.read_text().replace("drain_seconds: 0", "drain_seconds: 0, keep_warm: true")
    )
    tell(made, story)
    assert [*settle(made), *faults(made, {"prod": 1})] == []


def test_every_step_is_part_of_a_story() -> None:
    """So a step that somebody adds is failed and killed too, or this fails. What a story leaves is
    compared above."""
    seen = {step for story in STORIES_OF_ALL for step in kept_steps(story.id)}
    assert steps() - seen == set()


def test_a_restore_brings_volumes_and_places_of_the_host_back(library: Library) -> None:
    made = library.begin(next(one for one in STORIES if one.id == "a-restore"))
    volumes = made.world.engine.volumes
    for name in ("shop-prod_uploads", "/srv/shop-prod"):
        assert volumes[name] == ""
        volumes[name] = "was written since"
    tell(made, next(one for one in STORIES if one.id == "a-restore"))
    assert (volumes["shop-prod_uploads"], volumes["/srv/shop-prod"]) == ("", "")


@pytest.mark.parametrize("plan_only", [True, False])
def test_where_no_base_service_differs_or_only_a_plan_is_asked_for_nothing_is_opened(
    library: Library, plan_only: bool
) -> None:
    made = library.begin(Story("a look at the base", base, BASE))
    if plan_only:
        edit_database(command=["--max-connections=300"])(made)
    before = dict(made.world.engine.containers_by_name)
    run = made.prefect.start(base, **{**BASE, "plan_only": plan_only})
    assert run.state.is_completed()
    assert made.world.engine.containers_by_name == before
    assert [one.kind for one in made.ledger.deployments.history("shop", "prod")] == ["release"]


@pytest.mark.parametrize(("asked_for", "seconds"), [(None, 0), (1, 1)])
def test_an_environment_that_is_not_watched_lets_its_release_end_unless_somebody_asks(
    library: Library, asked_for: int | None, seconds: int
) -> None:
    made = library.begin(Story("staging alone", release, {}, with_staging=True))
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace("watch: {seconds: 0}", "watch: {seconds: 20}"))
    run = made.prefect.start(
        release, **{**asked("v1.1.0"), "environment": "staging", "watch_seconds": asked_for}
    )
    assert run.state.is_completed()
    [newest] = made.ledger.deployments.history("shop", "staging", limit=1)
    [watched] = [step for step in made.ledger.journal.steps(newest.id) if step.name == "watch"]
    assert (newest.version, watched.evidence["seconds"]) == ("v1.1.0", seconds)
