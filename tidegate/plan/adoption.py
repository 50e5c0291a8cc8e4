"""An application that people started by hand, as it is found before Tidegate takes it over: what is
taken, what forbids it.

Pure: what runs and what the compose files say are given, and compared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tidegate.facts import ComposeModel, is_one_off
from tidegate.plan.claims import Claim
from tidegate.plan.occupancy import BASE_LABEL
from tidegate.plan.occupants import Mounted, Occupant
from tidegate.stack.versions import is_version_tag
from tidegate.versions import AS_FOUND

CONFIG_FILES_LABEL = "com.docker.compose.project.config_files"
REVISION, VERSION = "org.opencontainers.image.revision", "org.opencontainers.image.version"
_OURS = (BASE_LABEL, "tidegate.deployment", "tidegate.key")
"""On containers that Tidegate starts. An image that it built has `tidegate.stack` wherever it
runs."""
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_SHA = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def is_by_hand(labels: Mapping[str, str]) -> bool:
    """Whether people started the container that has these labels for a service: nothing of ours
    did, and no `docker compose run`."""
    return not any(label in labels for label in _OURS) and not is_one_off(labels)


@dataclass(frozen=True)
class PublishedPort:
    """A port of the host that a container has."""

    address: str
    port: int
    inside: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port} → {self.inside}"


@dataclass(frozen=True)
class FoundContainer:
    """One container of a compose project, whoever started it."""

    id: str
    name: str
    service: str
    state: str
    started_at: str
    """As the engine says it."""
    image: str
    """As it was asked for: `acme/web:latest`."""
    image_id: str
    digests: tuple[str, ...] = ()
    """`repo@sha256:...` under which a registry has the image; none of one that was built here."""
    image_labels: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mounted, ...] = ()
    networks: tuple[str, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    image_environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    command: tuple[str, ...] | None = field(default=None, repr=False)
    """Its own; None where it is its image's."""

    @property
    def is_by_hand(self) -> bool:
        return is_by_hand(self.labels)

    @property
    def runs(self) -> bool:
        return self.state == "running"

    @property
    def pin(self) -> str:
        """By which the image is found again: at its registry, or else on this engine."""
        wanted = self.image.partition("@")[0].rpartition(":")[0] or self.image
        fitting = [one for one in self.digests if one.startswith(f"{wanted}@")]
        return next(iter([*fitting, *self.digests]), self.image_id)


class HandStarted(Protocol):
    """Containers that people started by hand with compose, one by one: their project holds data,
    and is never touched whole.

    Raises EngineError.
    """

    def containers_of(self, project: str) -> list[FoundContainer]: ...
    def volume_sizes(self) -> Mapping[str, int]: ...
    def attach(self, container: str, network: str, alias: str) -> None: ...
    def detach(self, container: str, network: str) -> None: ...
    def stop(self, containers: Sequence[str], grace_seconds: int) -> None: ...
    def start(self, containers: Sequence[str]) -> None: ...


@dataclass(frozen=True)
class Found:
    """What runs by hand, and would be taken over."""

    project: str
    taken: tuple[FoundContainer, ...]
    """Of the released services: they serve until the next release."""
    ended: tuple[FoundContainer, ...]
    """Of released services that did their work once."""
    kept: tuple[FoundContainer, ...]
    """All others, with the data: they are not touched."""
    sizes: Mapping[str, int]
    """Volume -> bytes, as far as the engine knows."""
    environment: Mapping[str, tuple[str, ...]]
    """Service -> env keys whose values are others than the env and compose files say."""
    unseen: tuple[str, ...] = ()
    """Released services that end, and have no container: it was tidied up, or they never ran."""

    @property
    def every(self) -> tuple[FoundContainer, ...]:
        return (*self.taken, *self.ended, *self.kept)

    @property
    def pins(self) -> dict[str, str]:
        return {one.service: one.pin for one in (*self.ended, *self.taken)}

    @property
    def volumes(self) -> dict[str, list[str]]:
        """Volume or folder -> who has it mounted."""
        found: dict[str, list[str]] = {}
        for one in self.every:
            for mount in (mount for mount in one.mounts if mount.is_data):
                found.setdefault(mount.name, []).append(one.service)
        return found

    @property
    def networks(self) -> list[str]:
        return sorted({name for one in self.every for name in one.networks})

    @property
    def ports(self) -> list[tuple[FoundContainer, PublishedPort]]:
        """Of what the next release stops: nobody answers there afterwards."""
        return [(one, port) for one in self.taken for port in one.ports]

    def version(self, front: str) -> tuple[str, str | None]:
        """Name and commit of what the service `front` runs, as its image says them: both of its
        labels, since one alone may be that of its base image, or a tag that is a version. Nothing
        else says what the application calls itself."""
        own = next(one for one in self.taken if one.service == front)
        told, commit = own.image_labels.get(VERSION, ""), own.image_labels.get(REVISION, "")
        tag = own.image.partition("@")[0].rpartition("/")[2].partition(":")[2]
        known = commit if _SHA.fullmatch(commit) else None
        if known and _VERSION.fullmatch(told):
            return told, known
        return (tag, known) if is_version_tag(tag) else (AS_FOUND, None)


def found_of(
    project: str,
    there: Iterable[FoundContainer],
    released: Collection[str],
    jobs: Collection[str],
    model: ComposeModel,
    sizes: Mapping[str, int],
) -> Found:
    """Part what is `there` by what the compose files make of it. `jobs` are the released services
    that end."""
    by_name = sorted(there, key=lambda one: one.name)
    mine = [one for one in by_name if one.service in released]
    seen = {one.service for one in mine}
    return Found(
        project,
        tuple(one for one in mine if one.service not in jobs),
        tuple(one for one in mine if one.service in jobs),
        tuple(one for one in by_name if one.service not in released),
        sizes,
        {one.service: keys for one in mine if (keys := other_keys(one, model))},
        tuple(sorted(set(jobs) - seen)),
    )


def other_keys(one: FoundContainer, model: ComposeModel) -> tuple[str, ...]:
    """Env keys that a container has with another value than the files say, or that only one of both
    has."""
    said = {
        key: str(value)
        for key, value in (model["services"][one.service].get("environment") or {}).items()
        if value is not None
    }
    changed = {key for key, value in said.items() if one.environment.get(key) != value}
    more = {
        key
        for key, value in one.environment.items()
        if key not in said and one.image_environment.get(key) != value
    }
    return tuple(sorted(changed | more))


def hindrances(found: Found, released: Iterable[str], claimed: Iterable[Claim]) -> list[str]:
    """Why it cannot be taken over, one text for each reason. `claimed` is what the compose files
    say of each service. Nobody needs the container of a job."""
    there = {one.service for one in (*found.taken, *found.ended)} | set(found.unseen)
    said = {claim.service: claim for claim in claimed}
    return [
        *(
            f"{name}: no container of it is in the project {found.project}"
            for name in released
            if name not in there
        ),
        *(f"{one.service}: {one.name} is {one.state}" for one in found.taken if not one.runs),
        *(
            f"{one.service}: Tidegate has started {one.name}"
            for one in found.taken
            if not one.is_by_hand
        ),
        *(
            f"{one.service}: {one.name} is {one.state}, and its data are needed"
            for one in found.kept
            if one.service in said and not one.runs and said[one.service].databases
        ),
        *(
            text
            for one in found.every
            if one.service in said
            for text in _other_places(one, said[one.service], found)
        ),
    ]


def _other_places(one: FoundContainer, said: Claim, found: Found) -> Iterator[str]:
    """Where the next container of this service would see other data than this one."""
    theirs = {mount.target: mount for mount in one.mounts}
    for mine in (mount for mount in said.mounts if mount.is_data):
        has = theirs.get(mine.target)
        if has is None:
            yield (
                f"{one.service}: the compose files mount {mine.name} at {mine.target}, "
                f"and {one.name} has nothing there: what it wrote is inside the container"
            )
        elif not mine.places & has.places:
            yield (
                f"{one.service}: {mine.target} is {has.name} in {one.name}, "
                f"and {mine.name} in the compose files"
            )
    if one not in found.taken:
        return
    told = {mine.target for mine in said.mounts}
    for mount in one.mounts:
        is_empty = _ANONYMOUS.fullmatch(mount.name) and found.sizes.get(mount.name) == 0
        if mount.is_data and mount.target not in told and not is_empty:
            yield (
                f"{one.service}: {one.name} has {mount.name} at {mount.target}, and the compose "
                "files name nothing there. Name it: "
                f"`volumes: {{data: {{name: {mount.name}, external: true}}}}`"
            )


def likely_projects(
    model: ComposeModel, files: Collection[str], there: Iterable[Occupant], others: Collection[str]
) -> dict[str, list[str]]:
    """Compose project -> its containers, of projects that may be this application: those that share
    a container's name, a compose file or a volume with it; else those that have all its services.
    `others` are projects that Tidegate knows."""
    projects: dict[str, list[Occupant]] = {}
    for one in there:
        if one.project and one.project not in others and is_by_hand(one.labels):
            projects.setdefault(one.project, []).append(one)
    names = {service.get("container_name") for service in model["services"].values()} - {None}
    volumes = {
        one.get("name") for one in (model.get("volumes") or {}).values() if one.get("external")
    }
    sure = {
        project
        for project, own in projects.items()
        if any(
            one.name in names
            or volumes & {mount.name for mount in one.mounts}
            or set(files) & set(one.labels.get(CONFIG_FILES_LABEL, "").split(","))
            for one in own
        )
    }
    alike = {
        project
        for project, own in projects.items()
        if set(model["services"]) <= {one.service for one in own}
    }
    return {
        project: sorted(one.name for one in projects[project]) for project in sorted(sure or alike)
    }
