"""Where a rollback goes: examples of the rules, and properties over random histories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import HeldError, InputError, VersionError
from tidegate.ledger import Deployment, Release
from tidegate.plan.targets import choose_target, left_half_way, to_leave
from tidegate.policy.states import DeploymentState as S

START = datetime(2026, 1, 1, tzinfo=UTC)
NEVER_SERVED = (S.FAILED, S.REJECTED, S.EXPIRED)


def release(version: str, config: str = "c") -> Release:
    return Release(
        id=f"release-{version}-{config}", version=version, commit=f"{version.encode().hex():0<40}"
    )


class History(list[Deployment]):
    """A history that grows as the ledger's would: a new good one displaces the one before."""

    def add(
        self, what: Release, state: S = S.GOOD, *, origin: Deployment | None = None
    ) -> Deployment:
        number, served = len(self) + 1, state.may_serve
        if state == S.GOOD:
            self._displace(origin)
        self.append(
            Deployment(
                id=f"id-{number}",
                number=number,
                release=what,
                release_id=what.id,
                state=state,
                kind="rollback" if origin else "release",
                origin_id=origin.id if origin else None,
                switched_at=START + timedelta(hours=number) if served else None,
                good_at=START + timedelta(hours=number) if state == S.GOOD else None,
            )
        )
        return self[-1]

    def back(self, origin: Deployment, state: S = S.GOOD) -> Deployment:
        return self.add(origin.release, state, origin=origin)

    def _displace(self, origin: Deployment | None) -> None:
        for other in self:
            if other.state.may_serve:
                other.state = (
                    S.ROLLED_BACK if origin and other.number > origin.number else S.SUPERSEDED
                )


@pytest.fixture
def four_good() -> History:
    history = History()
    for version in ("v1", "v2", "v3", "v4"):
        history.add(release(version))
    return history


def test_no_way_leads_back_to_before_a_takeover(four_good: History) -> None:
    """What people did by hand with the data since then, nobody knows."""
    four_good[2].kind = "adoption"
    assert choose_target(four_good).number == 3
    with pytest.raises(InputError, match="there are 1 good ones before it"):
        choose_target(four_good, steps_back=2)
    with pytest.raises(VersionError, match="not a good deployment"):
        choose_target(four_good, to="v2")


@pytest.mark.parametrize(("steps", "number"), [(1, 3), (2, 2), (3, 1)])
def test_steps_are_counted_back_from_what_serves(
    four_good: History, steps: int, number: int
) -> None:
    assert choose_target(four_good, steps_back=steps).number == number
    assert choose_target(four_good[::-1], steps_back=steps).number == number


@pytest.mark.parametrize("steps", [4, 0, -1])
def test_more_steps_than_there_are_is_refused_with_the_candidates(
    four_good: History, steps: int
) -> None:
    with pytest.raises(InputError, match="Choose one of #3 v3, #2 v2, #1 v1"):
        choose_target(four_good, steps_back=steps)


@pytest.mark.parametrize("state", [*NEVER_SERVED, S.PLANNED, S.WAITING, S.CHANGING])
def test_a_fifth_that_never_served_is_not_counted_from(four_good: History, state: S) -> None:
    four_good.add(release("v5"), state)
    assert choose_target(four_good).number == 3


@pytest.mark.parametrize("state", [S.WATCHING, S.ROLLING_BACK, S.ROLLBACK_FAILED, S.NEEDS_PERSON])
def test_a_fifth_that_serves_but_went_bad_goes_back_to_the_fourth(
    four_good: History, state: S
) -> None:
    four_good.add(release("v5"), state)
    assert choose_target(four_good).number == 4


@pytest.mark.parametrize("state", [S.ROLLBACK_FAILED, S.NEEDS_PERSON])
def test_from_a_fifth_that_never_served_and_was_left_half_way_the_way_leads_to_the_fourth(
    four_good: History, state: S
) -> None:
    """What it did to the schema is there still, although the fourth serves."""
    left = four_good.add(release("v5"), state)
    left.switched_at = None
    failed = four_good.back(four_good[2], S.ROLLBACK_FAILED)
    failed.switched_at = None
    assert left_half_way(four_good) is to_leave(four_good) is left
    assert choose_target(four_good).number == 4
    assert choose_target(four_good, steps_back=2).number == 3
    assert choose_target(four_good, to="v4").number == 4
    four_good.add(release("v7"))
    assert left_half_way(four_good) is None
    assert to_leave(four_good).number == 7


def test_a_fifth_that_was_rolled_back_leaves_the_fourth_as_the_one_to_count_from(
    four_good: History,
) -> None:
    four_good.add(release("v5"), S.WATCHING).state = S.ROLLED_BACK
    assert choose_target(four_good).number == 3


def test_a_rollback_of_a_rollback_goes_further_back(four_good: History) -> None:
    four_good.back(four_good[2])
    assert choose_target(four_good).number == 2
    four_good.back(four_good[1])
    assert choose_target(four_good).number == 1
    four_good.back(four_good[0])
    with pytest.raises(InputError, match="There is no candidate"):
        choose_target(four_good)


def test_what_was_rolled_away_from_is_not_met_by_steps_after_a_new_release(
    four_good: History,
) -> None:
    four_good.back(four_good[1])
    four_good.add(release("v5"))
    assert [choose_target(four_good, steps_back=steps).number for steps in (1, 2)] == [2, 1]


def test_a_rollback_that_failed_changes_nothing(four_good: History) -> None:
    four_good.back(four_good[2], S.FAILED)
    assert choose_target(four_good).number == 3


def test_the_same_tag_with_another_config_is_another_target() -> None:
    history = History()
    good, bad = release("v1", "good"), release("v1", "bad")
    history.add(good)
    history.add(bad)
    assert choose_target(history).release_id == good.id
    assert choose_target(history, to="v1").release_id == good.id


def test_a_tag_that_names_two_releases_is_refused_with_their_numbers() -> None:
    history = History()
    for config in ("a", "b"):
        history.add(release("v1", config))
    history.add(release("v2"))
    with pytest.raises(VersionError, match=r"several releases.*#2 v1, #1 v1 by its number"):
        choose_target(history, to="v1")
    assert choose_target(history, to=1).number == 1


def test_the_same_release_twice_in_a_row_is_one_step() -> None:
    history = History()
    for version in ("v1", "v2", "v2", "v3", "v3"):
        history.add(release(version))
    assert [choose_target(history, steps_back=steps).number for steps in (1, 2)] == [3, 1]


@pytest.mark.parametrize(
    "to", ["v2", "2", 2, "#2", "id-2", f"{b'v2'.hex():0<40}", f"sha-{b'v2'.hex():0<40}"[:12]]
)
def test_a_target_is_named_by_version_number_id_or_commit(
    four_good: History, to: str | int
) -> None:
    assert choose_target(four_good, to=to).number == 2


def test_the_number_of_a_rollback_means_its_origin(four_good: History) -> None:
    four_good.back(four_good[1])
    four_good.add(release("v5"))
    assert choose_target(four_good, to=5).number == 2


@pytest.mark.parametrize("to", ["v9", "v4", 4, "latest", "9"])
def test_what_serves_and_what_never_did_cannot_be_named(four_good: History, to: str | int) -> None:
    with pytest.raises(VersionError, match="Choose one of #3 v3, #2 v2, #1 v1"):
        choose_target(four_good, to=to)


def test_a_failed_one_cannot_be_named(four_good: History) -> None:
    four_good.add(release("v5"), S.FAILED)
    with pytest.raises(VersionError):
        choose_target(four_good, to="v5")


def test_one_that_served_without_passing_its_watch_cannot_be_named(four_good: History) -> None:
    four_good.add(release("v5"), S.WATCHING).state = S.ROLLED_BACK
    with pytest.raises(VersionError):
        choose_target(four_good, to="v5")


def test_steps_pass_over_a_held_commit(four_good: History) -> None:
    assert choose_target(four_good, held_commits={four_good[2].commit}).number == 2


def test_steps_pass_over_what_has_all_commits_of_a_hold(four_good: History) -> None:
    held = four_good[2].commit
    four_good[2].release.commit = f"{held}+front={'f' * 40}"
    assert choose_target(four_good, held_commits={held}).number == 2
    with pytest.raises(HeldError, match="it is on hold"):
        choose_target(four_good, to="v3", held_commits={held})


def test_a_held_commit_is_not_offered_and_cannot_be_named(four_good: History) -> None:
    held = {four_good[2].commit}
    for to in ("v3", "v9"):
        with pytest.raises(InputError, match="Choose one of #2 v2, #1 v1; on hold: #3 v3"):
            choose_target(four_good, to=to, held_commits=held)
    held = {one.commit for one in four_good}
    with pytest.raises(HeldError, match=r"Lift the hold\. All .* on hold: #3 v3, #2 v2, #1 v1"):
        choose_target(four_good, to="v3", held_commits=held)


def test_an_empty_environment_has_no_way_back() -> None:
    with pytest.raises(InputError, match="nothing serves here"):
        choose_target([])


moves = st.lists(
    st.one_of(
        st.tuples(st.just("release"), st.integers(0, 5)),
        st.tuples(st.just("fail"), st.sampled_from(NEVER_SERVED)),
        st.tuples(st.just("back"), st.integers(1, 4)),
    ),
    max_size=25,
)


def play(actions: Sequence[tuple[str, int | S]]) -> tuple[History, list[str]]:
    """The history, and beside it the line of releases as a plain stack: push what is good, pop what
    is rolled back."""
    history, line = History(), list[str]()
    for action, value in actions:
        if action == "fail":
            history.add(release("bad"), S(str(value)))
        elif action == "release":
            history.add(release(f"v{value}"))
            line += [history[-1].release_id] if line[-1:] != [history[-1].release_id] else []
        elif int(value) < len(line):
            history.back(choose_target(history, steps_back=int(value)))
            del line[-int(value) :]
    return history, line


@given(moves)
def test_every_step_back_is_the_release_that_a_plain_stack_holds(
    actions: list[tuple[str, int | S]],
) -> None:
    history, line = play(actions)
    for steps in range(1, len(line)):
        assert choose_target(history, steps_back=steps).release_id == line[-1 - steps]
    with pytest.raises(InputError):
        choose_target(history, steps_back=max(len(line), 1))


@given(moves, st.integers(1, 6), st.sets(st.integers(0, 5)), st.randoms())
def test_a_target_was_good_is_older_is_no_rollback_and_is_not_held(
    actions: list[tuple[str, int | S]], steps: int, held: set[int], random: Random
) -> None:
    history, _ = play(actions)
    held_commits = {release(f"v{number}").commit for number in held}
    shuffled = list(history)
    random.shuffle(shuffled)
    try:
        target = choose_target(shuffled, steps_back=steps, held_commits=held_commits)
    except InputError:
        return
    serving = next(one for one in reversed(history) if one.state == S.GOOD)
    assert target.was_good
    assert target.number < serving.number
    assert target.kind == "release"
    assert target.commit not in held_commits
