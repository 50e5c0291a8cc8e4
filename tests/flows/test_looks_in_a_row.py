"""One look that fails is none yet: the second one in a row is told, and one that is well begins
anew."""

from __future__ import annotations

import shutil

from flows.release import release
from flows.watch import watch
from tasks.frame.runs import QUIET
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import Story


def begun(library: Library, *, with_blog: bool = False) -> Installation:
    made = library.begin(Story("looks", release, {}, with_blog=with_blog))
    made.world.visitors.is_away = True
    return made


def told(made: Installation) -> list[str]:
    return [one.stack for one in made.world.events.told]


def look(made: Installation, stack: str | None = None) -> str:
    """How the run is called that looked."""
    state = made.prefect.start(watch, stack=stack).state
    assert state.is_completed(), state.message
    return str(state.name)


def test_the_second_look_in_vain_is_told_and_the_first_is_not(library: Library) -> None:
    """The run that says something is kept; one that has nothing to say goes with the next look."""
    made = begun(library)
    assert look(made) == QUIET
    assert told(made) == []
    assert look(made) == "Completed"
    assert told(made) == ["shop"]


def test_a_look_that_is_well_begins_anew(library: Library) -> None:
    made = begun(library)
    look(made)
    made.world.visitors.is_away = False
    look(made)
    made.world.visitors.is_away = True
    look(made)
    assert told(made) == []


def test_only_the_stack_that_was_asked_for_is_looked_at(library: Library) -> None:
    made = begun(library, with_blog=True)
    for _ in range(2):
        look(made, "blog")
    assert told(made) == ["blog"]
    for _ in range(2):
        look(made)
    assert {*told(made)} == {"blog", "shop"}


def test_a_stack_file_with_a_fault_is_told_by_a_look_at_all_and_hides_no_other(
    library: Library,
) -> None:
    made = begun(library)
    folder = made.home.with_name("stacks") / "broken"
    folder.mkdir()
    (folder / "stack.yaml").write_text("name: broken\n")
    try:
        look(made, "shop")
        state = made.prefect.start(watch).state
    finally:
        shutil.rmtree(folder)
    assert state.is_failed()
    assert "broken" in str(state.message)
    assert told(made) == ["shop"]
