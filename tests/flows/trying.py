"""Ways to break a story, each at every moment of it. What is returned is each broken rule, by the
moment."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from prefect.flows import Flow

from tests.extent import IS_WHOLE
from tests.flows.conftest import Library
from tests.flows.installation import Installation, Kept
from tests.flows.judging import faults, serving
from tests.flows.stories import Story, settle, tell
from tidegate.errors import FencedError, TidegateError
from tidegate.policy.states import LEFT_TO_PERSON

Found = dict[str, list[str]]
EACH = 1 if IS_WHOLE else 25
"""`make crash` tries every moment; `make test` each 25th one, others of them in each story."""
T = TypeVar("T")


def picked(story: Story, moments: list[T], each: int = EACH) -> list[T]:
    """Those moments of a story that are tried."""
    return [one for number, one in enumerate(moments) if is_picked(story, number, each)] or moments


def is_picked(story: Story, number: int, each: int = EACH) -> bool:
    """Whether this moment of a story is tried."""
    return (number - len(story.name)) % each == 0


def killed(library: Library, story: Story, each: int = EACH) -> tuple[int, Found]:
    """Killed right after each change, then recovered. Returns how many changes there were, too.

    What a killed process leaves is what was true after its last change. So everything is put away
    after each change that is tried, and recovery begins from each of these states.
    """
    made, kept, found = library.begin(story), dict[int, Kept](), Found()
    began, told = serving(made), made.world.moments

    def keep(what: str) -> None:
        if is_picked(story, len(told.changes) - 1, each):
            kept[len(told.changes) - 1] = made.keep(what)

    told.after_change = keep
    tell(made, story)
    if not kept and each > 1:
        return killed(library, story, each=1)
    for number, one in kept.items():
        made.begin_from(one)
        if wrong := [*settle(made), *faults(made, began, is_for_staging=story.is_for_staging)]:
            found[f"{number}, after {one.what}"] = wrong
        shutil.rmtree(one.folder)
    return len(kept), found


def failed(
    library: Library, story: Story, error: Callable[[str], TidegateError], each: int = EACH
) -> tuple[int, Found]:
    """Each call fails once by `error`; of calls of one step that are alike, the first."""
    made, found = library.begin(story), Found()
    tell(made, story)
    first = {call: number for number, call in reversed(list(enumerate(made.world.moments.calls)))}
    tried = picked(story, list(first.items()), each)
    for call, failing in tried:
        made = library.begin(story)
        began = serving(made)
        made.world.moments.fails = _fails_at(failing, error)
        run = tell(made, story)
        if wrong := [
            *settle(made),
            *faults(
                made, began, has_failed=run.state.is_failed(), is_for_staging=story.is_for_staging
            ),
        ]:
            found[call] = wrong
    return len(tried), found


def left_to_person_and_killed(
    library: Library, story: Story, error: Callable[[str], TidegateError]
) -> tuple[int, Found]:
    """One call of a step fails however often it is tried, and the run is killed right after each
    change from there on; where a person is called in the end.
    """
    made, found, cases = library.begin(story), Found(), 0
    tell(made, story)
    calls = list(dict.fromkeys(call for call in made.world.moments.calls if ": " in call))
    for call in picked(story, calls):
        made, kept = library.begin(story), list[Kept]()
        began = serving(made)
        _keep_from(made, call, error, kept)
        tell(made, story)
        newest = made.ledger.deployments.history("shop", "prod", limit=1)
        for one in kept if newest and newest[0].state in LEFT_TO_PERSON else ():
            cases += 1
            made.begin_from(one)
            if wrong := [*settle(made), *faults(made, began)]:
                found[f"{call} fails, killed after {one.what}"] = wrong
        for one in kept:
            shutil.rmtree(one.folder)
    return cases, found


def _keep_from(
    made: Installation, call: str, error: Callable[[str], TidegateError], kept: list[Kept]
) -> None:
    """`call` fails, and what is there is put away after each change that follows."""
    moments = made.world.moments

    def fails(number: int, name: str) -> TidegateError | None:
        if moments.calls[-1] != call:
            return None
        moments.after_change = lambda what: kept.append(made.keep(what))
        return error(name)

    moments.fails = fails


def overtaken(
    library: Library,
    story: Story,
    flow: Flow[Any, Any],
    asked: dict[str, Any],
    only: str = "",
    *,
    takes_over: bool = False,
) -> tuple[int, Found]:
    """Another run comes in between, right after each change whose name has `only` in it, and the
    first one goes on.

    Only what `takes_over` may fence the first one off, which then writes nothing more into the
    ledger.
    """
    made, found = library.begin(story), Found()
    tell(made, story)
    moments = [
        (number, what) for number, what in enumerate(made.world.moments.changes) if only in what
    ]
    tried = moments if only else picked(story, moments)
    for number, what in tried:
        made = library.begin(story)
        began, there = serving(made), list[int]()
        made.world.moments.after_change = _at(
            made.world.moments, number, partial(_come_between, made, flow, asked, there)
        )
        run = tell(made, story)
        fenced = (
            ["it was fenced off"]
            if isinstance(run.state.data, FencedError) and not takes_over
            else []
        )
        late = _written_after(made, there[0]) if takes_over else []
        wrong = [
            *fenced,
            *late,
            *settle(made),
            *faults(made, began, is_for_staging=story.is_for_staging),
        ]
        if takes_over:  # the engine knows no fence: a start that was under way ends, and the next release removes it
            wrong = [
                one
                for one in wrong
                if not one.endswith(("runs and serves nobody", "is left of what failed"))
            ]
        if wrong:
            found[f"{number}, after {what}"] = wrong
    return len(tried), found


def _come_between(
    made: Installation, flow: Flow[Any, Any], asked: dict[str, Any], there: list[int]
) -> None:
    """A run from its start to its end; `there` gets the number of the newest entry of the audit
    trail then."""
    made.prefect.start(flow, **asked)
    there.append(made.ledger.audit.newest().sequence)


def _written_after(made: Installation, entry: int) -> list[str]:
    return [
        f"written late: {one.action} {one.subject}"
        for one in made.ledger.audit.entries(after=entry)
    ]


def _fails_at(
    number: int, error: Callable[[str], TidegateError]
) -> Callable[[int, str], TidegateError | None]:
    return lambda now, name: error(name) if now == number else None


def _at(moments: Any, number: int, act: Callable[[], object]) -> Callable[[str], None]:
    def after(what: str) -> None:
        if len(moments.changes) - 1 != number:
            return
        moments.after_change = lambda what: None
        outer, moments.step, moments.step_was_done = (
            (moments.step, moments.step_was_done),
            "",
            False,
        )
        act()
        moments.step, moments.step_was_done = outer

    return after
