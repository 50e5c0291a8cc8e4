"""Which deployment a rollback goes back to: counted from what serves now, along what really served
before it.

The way here is a line of good deployments: a good release extends it, a rollback cuts it at its
origin. So a rollback of a rollback goes further back, and what was rolled away from is not met
again by counting steps (P2, P3, P5, P7).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tidegate.errors import HeldError, InputError, VersionError
from tidegate.ledger.tables import Deployment
from tidegate.policy.states import LEFT_TO_PERSON
from tidegate.versions import begins_with, is_held

SHORTEST_ID = 7


def choose_target(
    history: Sequence[Deployment],
    *,
    steps_back: int = 1,
    to: str | int | None = None,
    held_commits: Collection[str] = (),
) -> Deployment:
    """The deployment whose release is to be put back, never a rollback but its origin. Above one
    that was left half way, what serves is itself a target: a rollback to it ends what was begun.

    `history` is one stack's in one environment, whole and in any order. `to` is a version, commit,
    deployment id or number and goes before `steps_back`, which counts different releases that are
    not on hold. Raises InputError, VersionError, HeldError, each listing the candidates.
    """
    known = {deployment.id: deployment for deployment in _since_takeover(history)}
    current = to_leave(history)
    if to is not None:
        return _named(str(to), current, known, held_commits)
    return _counted(steps_back, current, known, held_commits)


def _since_takeover(history: Sequence[Deployment]) -> Sequence[Deployment]:
    """What was before the newest takeover ran on data of which nobody knows what people did with
    them since, by hand."""
    begun = max(
        (one.number for one in history if one.kind == "adoption" and one.was_good), default=0
    )
    return [one for one in history if one.number >= begun]


def serving(history: Sequence[Deployment]) -> Deployment:
    """The newest that was switched to and not replaced, even if it went bad. Raises InputError when
    there is none."""
    found = [one for one in history if one.state.may_serve and one.switched_at is not None]
    if not found:
        raise InputError(
            "choosing a rollback target", "nothing serves here", "Release a version first"
        )
    return max(found, key=lambda one: one.number)


def to_leave(history: Sequence[Deployment]) -> Deployment:
    """What a rollback goes away from: what serves, or what was left half way above it. Raises
    InputError when nothing serves."""
    return left_half_way(history) or serving(history)


def left_half_way(history: Sequence[Deployment]) -> Deployment | None:
    """The newest release that failed and whose own way back did not arrive, if no newer version
    serves: what it did to the schema is there still. A change of base services brings none. Raises
    InputError when nothing serves."""
    now = serving(history)
    came = max((one.number for one in history if one.was_good and one.kind != "base"), default=0)
    left = [
        one
        for one in history
        if one.kind == "release"
        and one.state in LEFT_TO_PERSON
        and one.number > (came if now.kind == "base" else now.number)
    ]
    return max(left, key=lambda one: one.number, default=None)


def line_of(current: Deployment, known: Mapping[str, Deployment]) -> list[Deployment]:
    """The good deployments that led to `current`, oldest first, ending with its own origin.

    The same release deployed twice in a row stands once, as the later one, whose slot and images
    are the fresher.
    """
    line: list[Deployment] = []
    for deployment in sorted(known.values(), key=lambda one: one.number):
        if deployment is current or (deployment.was_good and deployment.number < current.number):
            line = _extended(line, deployment, known)
    return line


def origin_of(deployment: Deployment, known: Mapping[str, Deployment]) -> Deployment:
    """The deployment that first brought its release: itself, unless it is a rollback."""
    while deployment.origin_id is not None and deployment.origin_id in known:
        deployment = known[deployment.origin_id]
    return deployment


def _extended(
    line: list[Deployment], deployment: Deployment, known: Mapping[str, Deployment]
) -> list[Deployment]:
    origin = origin_of(deployment, known)
    if origin is not deployment:
        line = [one for one in line if one.number < origin.number]
    if line and line[-1].release_id == origin.release_id:
        line = line[:-1]
    return [*line, origin]


def _counted(
    steps_back: int,
    current: Deployment,
    known: Mapping[str, Deployment],
    held_commits: Collection[str],
) -> Deployment:
    doing = (
        f"going {steps_back} step{'s' * (steps_back != 1)} back from "
        f"#{current.number} {current.version}"
    )
    before = line_of(current, known)[-2::-1]
    free = [one for one in before if not is_held(one.commit, held_commits)]
    if 1 <= steps_back <= len(free):
        return free[steps_back - 1]
    came_back = (
        "steps count from 1"
        if steps_back < 1
        else f"there are {len(free)} good ones before it that are not on hold"
    )
    raise InputError(doing, came_back, _choose_from(before, held_commits))


def _named(
    to: str, current: Deployment, known: Mapping[str, Deployment], held_commits: Collection[str]
) -> Deployment:
    doing, now = f"going back to {to}", origin_of(current, known)
    ever_good = {
        origin_of(one, known).id: origin_of(one, known) for one in known.values() if one.was_good
    }
    others = sorted(
        (one for one in ever_good.values() if one is not now), key=lambda one: -one.number
    )
    found = _matches(to, others, known)
    if not found:
        raise VersionError(
            doing,
            "it is not a good deployment other than the one that serves",
            _choose_from(others, held_commits),
        )
    if len({one.release_id for one in found}) > 1:
        raise VersionError(
            doing, "it names several releases", _choose_from(found, held_commits, by="number")
        )
    if is_held(found[0].commit, held_commits):
        raise HeldError(
            doing, "it is on hold", f"Lift the hold. {_choose_from(others, held_commits)}"
        )
    return found[0]


def _matches(
    to: str, others: Sequence[Deployment], known: Mapping[str, Deployment]
) -> list[Deployment]:
    """Newest first. An id or a number is exact; only what is neither is looked for among versions
    and commits."""
    exact = {
        origin_of(one, known).id
        for one in known.values()
        if to.removeprefix("#") in (one.id, str(one.number))
    }
    if exact:
        return [one for one in others if one.id in exact]
    commit = to.removeprefix("sha-")
    return [
        one
        for one in others
        if one.version.removeprefix("v") == to.removeprefix("v")
        or (len(commit) >= SHORTEST_ID and begins_with(one.commit, commit))
    ]


def _choose_from(
    candidates: Sequence[Deployment], held_commits: Collection[str], *, by: str = "name"
) -> str:
    if not candidates:
        return "There is no candidate: release a corrected version instead"
    held = [one for one in candidates if is_held(one.commit, held_commits)]
    if len(held) == len(candidates):
        return f"All there are, are on hold: {_names(held)}"
    free = _names([one for one in candidates if one not in held])
    chosen = f"Choose one of {free}" + (" by its number" if by == "number" else "")
    return f"{chosen}; on hold: {_names(held)}" if held else chosen


def _names(candidates: Sequence[Deployment]) -> str:
    return ", ".join(f"#{one.number} {one.version}" for one in candidates)
