"""People are sent to a service that never runs twice: it is replaced in its place, with an outage
that is as short as can be, and ends however the run ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flows.base import base
from flows.incident import incident
from flows.recover import recover
from flows.release import release
from flows.restore import restore
from flows.rollback import rollback
from tests.flows.asking import BASE, RESTORE, ROLLBACK, SIGNAL, asked
from tests.flows.beginnings import (
    cut_short,
    edit_cache,
    edit_database,
    release_over_it,
    remove_slots,
    take_over,
)
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import Story, tell
from tests.flows.trying import failed, killed, overtaken
from tests.world.compose import NEVER_HEALTHY
from tests.world.data import MemoryDatabase
from tidegate.errors import EngineError
from tidegate.ledger.tables import Deployment

TWO = ("v1.0.0", "v1.0.1")
RELEASE = Story("a release in place", release, asked("v1.1.0"), serves="v1.1.0", in_place=True)
STORIES = (
    RELEASE,
    Story(
        "a release in place by way of staging",
        release,
        asked("v1.2.0"),
        serves="v1.2.0",
        in_place=True,
        with_staging=True,
    ),
    Story(
        "a first release in place",
        release,
        asked("v1.0.0"),
        before=(),
        serves="v1.0.0",
        in_place=True,
    ),
    Story("a version that never starts", release, asked("v2.0.0"), serves="v1.0.0", in_place=True),
    Story("a version that fails", release, asked("v2.1.0"), serves="v1.0.0", in_place=True),
    Story("a version that goes down", release, asked("v2.2.0"), serves="v1.0.0", in_place=True),
    Story(
        "a version that serves badly",
        release,
        asked("v2.0.2", watch_seconds=2),
        serves="v1.0.0",
        in_place=True,
    ),
    Story("a rollback", rollback, ROLLBACK, before=TWO, serves="v1.0.0", in_place=True),
    Story(
        "a rollback to a slot that is gone",
        rollback,
        ROLLBACK,
        before=TWO,
        serves="v1.0.0",
        in_place=True,
        prepare=remove_slots,
    ),
    Story(
        "a restore", restore, RESTORE, before=("v1.0.0", "v1.1.0"), serves="v1.0.0", in_place=True
    ),
    Story(
        "a change of a database",
        base,
        BASE,
        serves="v1.0.0",
        in_place=True,
        prepare=edit_database(command=["--max-connections=300"]),
    ),
    Story(
        "a change of a database that never becomes healthy",
        base,
        BASE,
        serves="v1.0.0",
        in_place=True,
        prepare=edit_database(command=NEVER_HEALTHY),
    ),
    Story(
        "a change of a cache that no version waits for",
        base,
        BASE,
        serves="v1.0.0",
        in_place=True,
        prepare=edit_cache,
    ),
    Story(
        "an incident", incident, SIGNAL, before=("v1.0.0", "v2.0.2"), serves="v1.0.0", in_place=True
    ),
    Story(
        "a release over what was taken over",
        release,
        asked("v1.1.0"),
        before=(),
        serves="v1.1.0",
        in_place=True,
        prepare=take_over,
    ),
    Story(
        "a release that fails over what was taken over",
        release,
        asked("v2.1.0"),
        before=(),
        serves="v1.0.0",
        in_place=True,
        prepare=take_over,
    ),
    Story(
        "a rollback to what was taken over",
        rollback,
        ROLLBACK,
        before=(),
        serves="v1.0.0",
        in_place=True,
        prepare=release_over_it,
    ),
)


def of(story: Story) -> str:
    return story.id


def newest(made: Installation) -> Deployment:
    return made.ledger.deployments.history("shop", "prod", limit=1)[0]


def evidence(made: Installation, step: str) -> dict[str, object]:
    found = made.ledger.journal.get(
        made.ledger.journal.key("prod", "shop", newest(made).number, step)
    )
    assert found is not None
    return dict(found.evidence)


@pytest.mark.parametrize("story", STORIES, ids=of)
def test_the_right_version_serves_in_the_end(library: Library, story: Story) -> None:
    made = library.begin(story)
    tell(made, story)
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    served = made.world.edge.answering("shop.test", "/")
    assert (now.version, served and served.number) == (story.serves, now.number)
    assert made.world.engine.ran_twice == []


@pytest.mark.parametrize("story", STORIES, ids=of)
def test_a_run_that_is_killed_anywhere_is_brought_to_an_end(
    library: Library, story: Story, record_property: Callable[[str, object], None]
) -> None:
    cases, found = killed(library, story)
    record_property("cases", cases)
    assert found == {}


@pytest.mark.parametrize("story", STORIES, ids=of)
def test_a_call_that_fails_leaves_the_environment_wholly_old_or_new(
    library: Library, story: Story, record_property: Callable[[str, object], None]
) -> None:
    cases, found = failed(
        library, story, lambda call: EngineError(f"asking {call}", "it failed", "Look why")
    )
    record_property("cases", cases)
    assert found == {}


@pytest.mark.parametrize(
    "moment",
    [
        "begin-maintenance: ledger",
        "hand-over-alone: container shop-prod-2",
        "hand-over-alone: container shop-prod-3-beat",
        "smoke-slot: ledger",
    ],
)
def test_a_rollback_may_take_over(
    library: Library, moment: str, record_property: Callable[[str, object], None]
) -> None:
    """Not between two containers of one call to the engine, which knows no fence."""
    story = Story("a release over two", release, asked("v1.1.0"), before=TWO, in_place=True)
    cases, found = overtaken(
        library, story, rollback, ROLLBACK, f"prod/shop/3/{moment}", takes_over=True
    )
    record_property("cases", cases)
    assert found == {}
    assert cases


def test_people_are_shut_out_only_from_the_stop_to_the_switch(library: Library) -> None:
    made, seen = library.begin(RELEASE), list[tuple[str, bool]]()
    made.world.moments.after_change = lambda what: seen.append(
        (what.partition(":")[0], made.world.edge.answering("shop.test", "/") is not None)
    )
    tell(made, RELEASE)
    out = {step for step, is_served in seen if not is_served}
    assert {step.rpartition("/")[2] for step in out} <= {
        "begin-maintenance",
        "hand-over-alone",
        "offer-candidate",
        "smoke-slot",
        "shift-traffic",
    }
    assert evidence(made, "shift-traffic")["outage_seconds"] is not None
    assert evidence(made, "shift-traffic")["standby"] is None


def test_what_runs_beside_the_old_one_closes_nothing(library: Library) -> None:
    told = Story("a release beside", release, asked("v1.1.0"), serves="v1.1.0")
    made = library.begin(told)
    tell(made, told)
    names = {step.name for step in made.ledger.journal.steps(newest(made).id)}
    assert "begin-maintenance" not in names
    assert "outage_seconds" not in evidence(made, "shift-traffic")


def test_a_recovery_before_the_switch_lets_the_old_version_serve(library: Library) -> None:
    told = Story(
        "a recovery",
        recover,
        {},
        serves="v1.0.0",
        in_place=True,
        prepare=cut_short("route of shop prod: nobody"),
    )
    made = library.begin(told)
    assert made.world.edge.answering("shop.test", "/") is None
    tell(made, told)
    served = made.world.edge.answering("shop.test", "/")
    assert served is not None
    assert served.number == 1
    assert evidence(made, "end-maintenance")["serving"] == 1


def test_room_is_asked_for_what_runs_beside_the_old_version_alone(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker takes 5 connections; the web and the scheduler take those of their like."""
    made = library.begin(RELEASE)
    monkeypatch.setattr(MemoryDatabase, "free_connections", lambda database: 5)
    assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()
    monkeypatch.setattr(MemoryDatabase, "free_connections", lambda database: 4)
    state = made.prefect.start(release, **asked("v1.2.0")).state
    assert state.is_failed()
    assert "4 free, 5 needed" in str(state.message)


@pytest.mark.parametrize(
    "moment", ["begin-maintenance: ledger", "hand-over-alone", "offer-candidate", "smoke-slot"]
)
def test_an_alarm_about_the_time_in_which_nobody_is_served_starts_no_way_back(
    library: Library, moment: str
) -> None:
    """It is expected, and ends by itself."""
    story = Story("a release over two", release, asked("v1.1.0"), before=TWO, in_place=True)
    cases, found = overtaken(library, story, incident, SIGNAL, f"prod/shop/3/{moment}")
    assert found == {}
    assert cases
    made = library.made
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    assert (now.version, now.kind) == ("v1.1.0", "release")
