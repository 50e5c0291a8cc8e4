"""The versions that the world's team can release, and what each of them does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tidegate.errors import VersionError
from tidegate.facts import Fit, MigrationClass
from tidegate.versions import Commit

BROKEN = "broken"
"""A file with which the database does not start."""


@dataclass(frozen=True)
class Made:
    """One version of the application, and how it behaves."""

    name: str
    head: str
    """Of its schema history."""
    becomes_healthy: bool = True
    beats: bool = True
    """Whether what never runs twice becomes healthy."""
    answers_well: bool = True
    """To smoke checks."""
    serves_well: bool = True
    """To visitors, once they are sent there."""
    base: str = "first"
    """What is in the file that the image of its database is built from."""

    def starts(self, *, is_alone: bool) -> bool:
        return self.becomes_healthy and (self.beats or not is_alone)

    @property
    def sha(self) -> str:
        return self.name.encode().hex().ljust(40, "0")

    @property
    def commit(self) -> Commit:
        return Commit(self.sha, f"make {self.name}", "Mei", datetime(2026, 3, 1, tzinfo=UTC))


@dataclass(frozen=True)
class SchemaStep:
    """One revision of the application's schema history."""

    id: str
    kind: MigrationClass
    fits: tuple[Fit, ...] = ()


HISTORY = (
    SchemaStep("0001", "additive"),
    SchemaStep("0002", "additive"),
    SchemaStep("0003", "needs downgrade"),
    SchemaStep("0004", "lossy"),
    SchemaStep("0005", "lossy", (Fit("notes are short", "SELECT COUNT(*) FROM notes WHERE long"),)),
)

VERSIONS = {
    one.name: one
    for one in (
        Made("v1.0.0", "0001"),
        Made("v1.0.1", "0001", base="second"),
        Made("v1.0.2", "0001", base=BROKEN),
        Made("v1.1.0", "0002"),
        Made("v1.1.1", "0002"),
        Made("v1.2.0", "0003"),
        Made("v1.3.0", "0004"),
        Made("v1.4.0", "0005"),
        Made("v2.0.0", "0001", becomes_healthy=False),
        Made("v2.0.1", "0001", answers_well=False),
        Made("v2.0.2", "0001", serves_well=False),
        Made("v2.0.3", "0001", beats=False),
        Made("v2.1.0", "0002", answers_well=False),
        Made("v2.2.0", "0003", answers_well=False),
        Made("v2.3.0", "0004", answers_well=False),
    )
}


def further_commit(name: str) -> Commit:
    """What a version has in a further repository."""
    sha = f"further {name}".encode().hex().ljust(40, "0")
    return replace(VERSIONS[name].commit, sha=sha, subject=f"make the worker of {name}")


BY_COMMIT = {
    **{one.sha: one for one in VERSIONS.values()},
    **{further_commit(name).sha: one for name, one in VERSIONS.items()},
}


def between(current: str | None, head: str) -> tuple[SchemaStep, ...]:
    """The revisions that lead up to `head`."""
    ids = [one.id for one in HISTORY]
    begin = ids.index(current) + 1 if current else 0
    return HISTORY[begin : ids.index(head) + 1]


def found(wanted: str) -> Made:
    """Raises VersionError."""
    if wanted not in VERSIONS:
        raise VersionError(
            f"looking for {wanted}", "there is no such version", "Choose another one"
        )
    return VERSIONS[wanted]
