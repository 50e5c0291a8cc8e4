"""A scheduler that one version has and the next one has not, or that lived in the base before."""

from __future__ import annotations

import pytest

import tests.world.world
from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ROLLBACK, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import STORIES, Story
from tests.world.world import model_of
from tidegate.facts import ComposeModel

A_RELEASE = next(one for one in STORIES if one.name == "a release with a migration")
BEAT = "  - {name: beat, image: acme/beat, connection_pool: 1, alone: true}\n"


def without_beat(project: str) -> ComposeModel:
    model = model_of(project)
    del model["services"]["beat"]
    return model


def running(made: Installation) -> set[str]:
    slots = made.world.engine.projects("shop", "prod").values()
    return {one.service for there in slots for one in there if one.state == "running"}


def in_base(made: Installation) -> set[str]:
    return {one.service for one in made.world.engine.of("shop-prod") if one.state == "running"}


def test_a_scheduler_that_lived_in_the_base_is_taken_out_of_it_and_goes_back_there(
    library: Library,
) -> None:
    """As teams kept one until now."""
    story = Story("a first release", release, asked("v1.0.0"), before=(), serves="v1.0.0")
    made = library.begin(story)
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    said = file.read_text()
    file.write_text(said.replace(BEAT, ""))
    made.world.engine.images["acme/beat:1"] = {}
    assert made.prefect.start(release, **asked("v1.0.0")).state.is_completed()
    assert in_base(made) == {"db", "beat"}
    file.write_text(said)
    assert made.prefect.start(release, **asked("v2.0.3")).state.is_failed()  # its scheduler dies
    assert (in_base(made), running(made)) == ({"db", "beat"}, {"web-1", "worker-1"})
    assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()
    assert (in_base(made), running(made)) == ({"db"}, {"web-3", "worker-3", "beat-3"})
    assert made.prefect.start(rollback, **ROLLBACK).state.is_completed()
    assert (in_base(made), running(made)) == ({"db", "beat"}, {"web-1", "worker-1"})


def test_a_scheduler_that_is_no_more_is_stopped_and_comes_back_with_its_version(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = library.begin(A_RELEASE)
    assert running(made) == {"web-1", "worker-1", "beat-1"}
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace(BEAT, ""))
    monkeypatch.setattr(tests.world.world, "model_of", without_beat)
    assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()
    assert running(made) == {"web-2", "worker-2"}
    assert made.prefect.start(rollback, **ROLLBACK).state.is_completed()
    assert running(made) == {"web-1", "worker-1", "beat-1"}
    assert made.world.engine.ran_twice == []
