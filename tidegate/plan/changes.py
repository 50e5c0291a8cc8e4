"""The plan: the computed list of changes with its hash. Approval is given to a hash, so whatever
voids one is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any, Literal

from tidegate.facts import (
    CheckResult,
    FoundDatabases,
    MigrationClass,
    SchemaChange,
    TrafficFigures,
)
from tidegate.plan.accepted import Accepted
from tidegate.plan.image_changes import ImageChange
from tidegate.plan.resolved import Part, ResolvedConfiguration
from tidegate.stack.compose_dangers import Danger
from tidegate.stack.envfile import EnvDiff
from tidegate.stack.environments import Place
from tidegate.versions import Commit, Version

WayBack = Literal["image only", "image + downgrade", "ask the data", "stop and ask", "none"]
"""`ask the data`: a downgrade where no value that was written since would be cut, else a person
decides."""
DOWNGRADES: tuple[WayBack, ...] = ("image + downgrade", "ask the data")
_GRAVITY: tuple[MigrationClass, ...] = (
    "none",
    "additive",
    "needs downgrade",
    "lossy",
    "unknown",
    "irreversible",
)
_WAY_BACK: dict[MigrationClass, WayBack] = {
    "none": "image only",
    "additive": "image only",
    "needs downgrade": "image + downgrade",
    "lossy": "stop and ask",
    "unknown": "stop and ask",
    "irreversible": "stop and ask",
}


@dataclass(frozen=True)
class Running:
    """The deployment that serves now, which is also the way back."""

    id: str
    number: int
    version: str
    commit: str
    """The `id` of its version, here and below."""


@dataclass(frozen=True)
class Staged:
    """What the environment before proved, and what it proved it about."""

    place: Place
    number: int
    commit: str
    pins: Mapping[str, str]
    configuration: str
    """Hash of its whole configuration there."""
    smoke: tuple[CheckResult, ...]
    rehearsed: bool
    url: str
    """Where people can try it."""
    outage_seconds: float | None = None
    """How long nobody was served there, where it was replaced in place."""
    traffic: TrafficFigures | None = None
    """What people would have seen of the switch there; None where nobody was served before it."""

    @property
    def decided(self) -> list[Any]:
        """What a decision stands on."""
        return [self.place.name, self.number, self.commit, dict(self.pins), self.configuration]


@dataclass(frozen=True)
class Plan:
    """What one release would do to one environment."""

    stack: str
    place: Place
    version: Version
    pins: Mapping[str, str]
    """Service -> image pin."""
    configuration: ResolvedConfiguration
    config: Mapping[Part, EnvDiff]
    """How it differs from what runs, by name."""
    commits: Mapping[str, tuple[Commit, ...]]
    """Repository -> what is new in it since what runs, newest first."""
    schema: tuple[SchemaChange, ...]
    running: Running | None
    domains: tuple[str, ...]
    preflight: tuple[CheckResult, ...]
    """Disk, memory, engine, connections: shown, but not hashed, because they change by
    themselves."""
    watch_seconds: int
    """How long the new version is watched after its switch: a run may ask for another time than the
    stack file."""
    saves: bool
    """Whether a verified backup is made before anything is changed."""
    staged: Staged | None = field(default=None)
    images: tuple[ImageChange, ...] = ()
    """What becomes of each service's image; only `pins` are hashed."""
    privileges: tuple[Danger, ...] = ()
    """What the stack file allows its containers of the host, each with its reason."""
    addresses: tuple[str, ...] = ()
    """What people read of `domains`, where several routes lead to several services."""
    in_place: tuple[str, ...] = ()
    """Services that people are sent to and that never run twice: nobody is served while they are
    replaced."""
    most_outage_seconds: int = 0
    """What the stack file lets them take to stop and to start."""
    handed_over: tuple[str, ...] = ()
    """Names and ports by which others call a container that was taken over; while it stops they may
    get no answer."""
    shares_names_with: tuple[str, ...] = ()
    """Stacks that may have paths at `domains`: part of the configuration, so of the hash."""
    found: tuple[FoundDatabases, ...] = ()
    """What patterns of databases find now: shown, but not hashed, because customers come and go;
    the patterns are part of the configuration."""
    accepted: tuple[Accepted, ...] = ()
    """What it takes upon itself, each with its reason: part of the configuration, so of the
    hash."""

    @property
    def environment(self) -> str:
        return self.place.name

    @property
    def changes(self) -> list[str]:
        """What changes, for a message: the subjects of the commits, of each repository in turn,
        then the images that others made."""
        found = [one for one in self.images if one.origin != "built" and not one.is_same]
        told = (
            [f"{repository}: {one.subject}" if repository else one.subject for one in commits]
            for repository, commits in self.commits.items()
        )
        subjects = filter(None, chain.from_iterable(zip_longest(*told)))
        return [*subjects, *map(str, found)]

    @property
    def kind(self) -> MigrationClass:
        return gravest([change.kind for change in self.schema])

    @property
    def way_back(self) -> WayBack:
        lossy = [change for change in self.schema if change.kind == self.kind]
        return (
            way_back_of(self.kind, is_asked=all(change.fits for change in lossy))
            if self.running
            else "none"
        )

    @property
    def hash(self) -> str:
        """SHA-256 over everything an approver decides about; 64 hex digits."""
        decided: dict[str, Any] = {
            "stack": self.stack,
            "environment": self.environment,
            "commit": self.version.id,
            "pins": dict(self.pins),
            "config": self.configuration.hash,
            "domains": list(self.domains),
            "running": self.running.id if self.running else None,
            "schema": [
                [
                    change.database,
                    change.current,
                    change.head,
                    change.kind,
                    [fit.what for fit in change.fits],
                ]
                for change in self.schema
            ],
            "watch": self.watch_seconds,
            "staged": self.staged.decided if self.staged else None,
            "privileges": [[one.text, one.reason] for one in self.privileges],
            **({"in place": list(self.in_place)} if self.in_place else {}),
        }
        return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()


def gravest(kinds: Sequence[MigrationClass]) -> MigrationClass:
    return max(kinds, key=_GRAVITY.index, default="none")


def way_back_of(kind: MigrationClass, *, is_asked: bool) -> WayBack:
    """How a version with such a database change is left again. `is_asked`: what is lossy is so only
    if data do not fit."""
    return "ask the data" if kind == "lossy" and is_asked else _WAY_BACK[kind]
