"""What a host has already, and whether base services that start for the first time would get in its
way.

Two database servers on one data directory lose rows; an empty volume beside the old one looks like
lost data.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tidegate.edge.facts import HostPort
from tidegate.facts import ONE_SHOT_LABEL, ComposeModel
from tidegate.plan.claims import Claim
from tidegate.plan.occupants import Mounted, Occupant

CONTROL_LABEL = "tidegate.control-plane"
"""On the database and the cache of Tidegate itself (compose.yaml), which are no application's."""
BASE_LABEL = "tidegate.base"
"""On every base container that Tidegate starts: `<stack>-<environment>`."""
Kind = Literal["same volume", "same folder", "name or port", "data alike"]
_EVERYWHERE = ("", "0.0.0.0", "::")


@dataclass(frozen=True)
class Conflict:
    """What somebody else has: the same data, a name or port of the host, or data that only look
    like ours."""

    text: str
    kind: Kind


def conflicts(
    wanted: Iterable[Claim],
    there: Collection[Occupant],
    ours: str,
    known_bases: Collection[str],
    databases_of: Callable[[Occupant], Collection[str]],
    *,
    slots: str,
) -> list[Conflict]:
    """One for each thing that somebody else has. `ours` is the base project, and `slots` begins the
    names of the slots on it; `known_bases` are those of all stacks."""
    others = [one for one in there if not _is_of(one, ours, slots)]
    bases = {*known_bases, *filter(None, map(_base_of, there))}
    strangers = [
        one
        for one in others
        if one.project not in bases and not _base_of(one) and CONTROL_LABEL not in one.labels
    ]
    return [
        one
        for claim in wanted
        for one in (*_taken(claim, others), *_same_role(claim, strangers, databases_of))
    ]


def holders(port: HostPort, there: Iterable[Occupant]) -> list[Occupant]:
    """Who has a port of the host now."""
    wanted = port.address, port.port
    return [one for one in there if any(_same_port(wanted, theirs) for theirs in one.ports)]


def way_out(found: Collection[Conflict], adoption: str, label: str) -> str:
    """What a person can do about all of them. `adoption` is the command that takes over what runs,
    `label` the one that tells data apart."""
    kinds = {one.kind for one in found}
    sentences = [f"Nothing was started. If it is this application, take it over: `{adoption}`"]
    if "same folder" in kinds:
        sentences.append(
            "If that folder is only read, such as one with scripts, say so: "
            "`read_only: [./FOLDER]` under `state` in stack.yaml"
        )
    if "data alike" in kinds:
        sentences.append(
            "If it is another one, whose data only look alike, say so with the label "
            f'`{label}: "true"` on the service'
        )
    if "name or port" in kinds:
        sentences.append(
            "If another one has a name or a port that is needed here, stop that container (one "
            "that was taken over is stopped by the next release of its stack), or give one of the "
            "two another name or port; `shares_host: true` for this environment in stack.yaml "
            "takes neither"
        )
    return ". ".join(sentences)


def shared_places(
    places: Mapping[str, str], there: Collection[Occupant], ours: str, *, slots: str
) -> list[str]:
    """One text for each of `places`, by the name that people know, that another environment's
    containers have too."""
    others = [one for one in there if _base_of(one) and not _is_of(one, ours, slots)]
    return [
        f"{name}: {other.whose} has {theirs.name} mounted"
        for name, place in places.items()
        for other in others
        for theirs in other.mounts
        if any(_overlap(place, one) for one in theirs.places)
    ]


def _is_of(one: Occupant, base: str, slots: str) -> bool:
    """A container of this base, a slot on it, or a short job of ours."""
    return (
        base in (one.project, one.labels.get(BASE_LABEL))
        or _slots_of(one) == slots
        or "tidegate.key" in one.labels
    )


def _base_of(one: Occupant) -> str:
    return one.labels.get(BASE_LABEL, "") or _slots_of(one)


def _slots_of(one: Occupant) -> str:
    slot = [one.labels.get(key, "") for key in ("tidegate.stack", "tidegate.environment")]
    return "-".join(slot) if all(slot) else ""


def _taken(claim: Claim, others: Iterable[Occupant]) -> Iterator[Conflict]:
    for other in others:
        for mine in claim.mounts:
            if any(_share(mine, theirs) for theirs in other.mounts):
                kind: Kind = "same folder" if mine.name.startswith("/") else "same volume"
                yield _conflict(claim, other, f"has {mine.name} mounted", kind)
        if claim.container_name and claim.container_name == other.name:
            yield _conflict(claim, other, f"has the name {other.name}", "name or port")
        for address, port in claim.ports:
            if any(_same_port((address, port), theirs) for theirs in other.ports):
                yield _conflict(claim, other, f"has the port {port}", "name or port")


def _same_role(
    claim: Claim, strangers: Iterable[Occupant], databases_of: Callable[[Occupant], Collection[str]]
) -> Iterator[Conflict]:
    """The same service with data at the same place inside it, in a project that nobody has handed
    over to Tidegate."""
    targets = {mine.target for mine in claim.mounts if mine.is_data and mine.is_new}
    for other in strangers:
        data = {
            theirs.target: theirs
            for theirs in other.mounts
            if theirs.is_data and theirs.target in targets
        }
        if claim.is_separate or other.service != claim.service or not data:
            continue
        names = databases_of(other)
        if claim.databases and names and not claim.databases & set(names):
            continue  # another application's: it has another database
        held = next(iter(data.values()))
        what = f"seems to be it already, with its data in {held.name}"
        yield _conflict(claim, other, what, "data alike")


def _conflict(
    claim: Claim,
    other: Occupant,
    what: str,
    kind: Kind,
) -> Conflict:
    return Conflict(f"{claim.service}: {other.whose} {what}", kind)


def _share(mine: Mounted, theirs: Mounted) -> bool:
    return (
        mine.is_data
        and theirs.is_data
        and any(_overlap(one, two) for one in mine.places for two in theirs.places)
    )


def _overlap(one: str, two: str) -> bool:
    """The same folder, or one inside the other."""
    one, two = (posixpath.normpath(path).rstrip("/") + "/" for path in (one, two))
    return one.startswith(two) or two.startswith(one)


def _same_port(one: tuple[str, int], two: tuple[str, int]) -> bool:
    return one[1] == two[1] and (one[0] == two[0] or one[0] in _EVERYWHERE or two[0] in _EVERYWHERE)


def base_model(model: ComposeModel, project: str, jobs: Mapping[str, str]) -> ComposeModel:
    """The compose files as a base is started from them: labels say whose base each service is, and
    which of the `jobs` it does once. It has the image that it names, because a `build:` would be
    built from the folder as it is; a released service that has nothing else keeps it, because
    Compose reads the whole model, and does not start it. A profile that it waited for was asked for
    when the files were read."""

    def started(name: str, service: Mapping[str, Any]) -> dict[str, Any]:
        job = {ONE_SHOT_LABEL: jobs[name]} if name in jobs else {}
        left_out = {"profiles", *(["build"] if "image" in service else [])}
        rest = {key: value for key, value in service.items() if key not in left_out}
        return {**rest, "labels": {**(service.get("labels") or {}), BASE_LABEL: project, **job}}

    return {
        **model,
        "services": {name: started(name, service) for name, service in model["services"].items()},
    }
