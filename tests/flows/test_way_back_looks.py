"""What a way back looks at before it moves anybody, and what it leaves where there was nothing
before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.release import release
from flows.rollback import rollback
from tasks.frame.environments import open_serving
from tests.flows.asking import ROLLBACK, answering, asked
from tests.flows.beginnings import remove_slots
from tests.flows.conftest import Library
from tests.flows.installation import ENV, LONG_AGO, Installation
from tests.flows.judging import serving
from tests.flows.stories import TWO, Story
from tests.world.images import MemoryImages
from tidegate.errors import ImageError
from tidegate.settings import Settings
from tidegate.stack.catalogue import find_stack


@pytest.fixture
def without_images(library: Library, monkeypatch: pytest.MonkeyPatch) -> Any:
    """No registry has them any more."""

    def refuse(images: MemoryImages, pin: str) -> None:
        raise ImageError(f"looking for {pin}", "nobody has it", "Push it again")

    return lambda: monkeypatch.setattr(MemoryImages, "ensure", refuse)


def evidence(made: Installation, step: str) -> dict[str, Any]:
    newest = made.ledger.deployments.history("shop", "prod")[0]
    row = made.ledger.journal.get(made.ledger.journal.key("prod", "shop", newest.number, step))
    assert row is not None
    return dict(row.evidence)


def test_a_slot_that_is_there_needs_no_image(library: Library, without_images: Any) -> None:
    made = library.begin(Story("back to a stopped slot", rollback, ROLLBACK, before=TWO))
    without_images()
    state = made.prefect.start(rollback, **ROLLBACK).state
    assert state.is_completed(), state.message
    assert evidence(made, "find-images") == {"slot": "there"}
    assert evidence(made, "wake-slot") == {"was": "stopped"}


def test_of_a_slot_that_is_gone_all_images_are_found_before_anybody_is_moved(
    library: Library, without_images: Any
) -> None:
    made = library.begin(
        Story("back to nothing", rollback, ROLLBACK, before=TWO, prepare=remove_slots)
    )
    began = serving(made)
    without_images()
    state = made.prefect.start(rollback, **ROLLBACK).state
    assert state.is_failed()
    assert "nobody has it" in str(state.message)
    assert serving(made) == began
    newest = made.ledger.deployments.history("shop", "prod")[0]
    done = [one.name for one in made.ledger.journal.steps(newest.id) if one.is_done]
    assert "wake-slot" not in done


@pytest.mark.parametrize("version", ["v2.0.0", "v2.1.0", "v2.0.2"])
def test_a_first_release_that_fails_leaves_no_route(library: Library, version: str) -> None:
    """Before the switch, and after it."""
    made = library.begin(Story("a first release that fails", release, {}, before=()))
    state = made.prefect.start(release, **asked(version, watch_seconds=2)).state
    assert state.is_failed()
    assert made.world.edge.route("shop", "prod") is None
    assert made.ledger.deployments.current("shop", "prod") is None
    assert made.world.engine.projects("shop", "prod") == {}


def test_the_message_of_a_release_says_when_people_got_it_and_not_when_it_was_asked_for(
    library: Library,
) -> None:
    made = library.begin(Story("a release that waited", release, {}, with_staging=True))
    made.prefect.answer = None
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_paused()
    made.close()
    with closing(sqlite3.connect(made.home / "ledger.db")) as ledger:
        ledger.execute("UPDATE deployments SET created_at = ?", (LONG_AGO,))
        ledger.commit()
    made.prefect.answer = answering("approve")
    state = made.prefect.start(release, run.id, **asked("v1.1.0")).state
    assert state.is_completed(), state.message
    [told] = [one for one in made.world.notifier("team").sent if one.kind == "released"][-1:]
    assert f"{datetime.now(UTC):%Y-%m-%d}" in told.body
    assert "2026-01-01" not in told.body


@pytest.mark.parametrize("by", ["name", "stack file"])
def test_who_looks_at_what_serves_sees_it_as_it_was_planned(library: Library, by: str) -> None:
    made = library.begin(Story("a look at what serves", release, {}))
    env = made.home.parent / "stacks" / "shop" / ".env"
    env.write_text(f"{ENV.format('shop-prod')}COLOUR=blue\n")
    settings = Settings()
    stack = "shop" if by == "name" else find_stack(settings.stacks, "shop")
    try:
        assert "COLOUR" not in open_serving(stack, "prod", settings).values
    finally:
        env.write_text(ENV.format("shop-prod"))


@pytest.mark.parametrize("by", ["name", "stack file"])
def test_where_nothing_serves_the_folder_says_it(library: Library, by: str) -> None:
    library.begin(Story("a look at nothing", release, {}, before=()))
    settings = Settings()
    stack = "shop" if by == "name" else find_stack(settings.stacks, "shop")
    assert open_serving(stack, "prod", settings).values["DB_NAME"] == "shop"
