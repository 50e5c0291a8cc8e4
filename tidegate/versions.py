"""What is released: a commit, or images that others made."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

IMAGE_ID = "sha256:"
SEVERAL = "images:"
AS_FOUND = "as found"
"""The name of what was taken over and does not say which version it is. No tag has a blank."""
MAIN = ""
"""The name of a stack's own repository among those that it is built from."""
_FURTHER = "+"
_SHORT = 12


@dataclass(frozen=True)
class Commit:
    """One commit of a repository that a stack is built from."""

    sha: str
    """Full hash, 40 hex digits."""
    subject: str
    author: str
    at: datetime


class NamedCommit(NamedTuple):
    """A version of a repository."""

    name: str
    commit: Commit


@dataclass(frozen=True)
class Version:
    """What a person asked for, resolved: `name` is what people read, `id` is what is meant."""

    name: str
    """`v1.1.0`, `sha-19b9b98`; without a repository, the tag of images: `2.3.1`."""
    commit: Commit | None
    """None where the stack has no repository."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Service -> pin of the images that are not built here."""
    further: Mapping[str, Commit] = field(default_factory=dict)
    """Name of a further repository -> its commit."""

    @property
    def id(self) -> str:
        """What releases, holds and evidence are about: the commit's full hash, with those of
        further repositories (`HASH+frontend=HASH`); or else the images."""
        if self.commit is None:
            return id_of_images(self.images.values())
        others = (f"{name}={one.sha}" for name, one in sorted(self.further.items()))
        return _FURTHER.join([self.commit.sha, *others])

    @property
    def commits(self) -> dict[str, Commit]:
        """Repository -> its commit, `MAIN` first; empty where the stack has no repository."""
        return {MAIN: self.commit, **self.further} if self.commit else {}


def id_of_images(pins: Collection[str]) -> str:
    """The digest of the one image, or a hash over the digests of several: `images:` and 64 hex
    digits.

    Names of services and registries are no part of it: a copy of the same images is the same
    version.
    """
    digests = sorted({pin.rpartition("@")[2] for pin in pins})
    if len(digests) == 1:
        return digests[0]
    return SEVERAL + hashlib.sha256("\n".join(digests).encode()).hexdigest()


def recorded(name: str, version_id: str, pins: Mapping[str, str], at: datetime) -> Version:
    """A version as the ledger has it. Of commits nothing is known there but their hashes."""
    known = {
        repository: Commit(sha=sha, subject="", author="", at=at)
        for repository, sha in hashes_in(version_id).items()
    }
    if known:
        return Version(name, known.pop(MAIN), further=known)
    return Version(name, None, pins)


def hashes_in(version_id: str) -> dict[str, str]:
    """Repository -> full hash of its commit, `MAIN` first; empty where the version is images
    alone."""
    if not is_commit(version_id):
        return {}
    main, *further = version_id.split(_FURTHER)
    pairs = (one.partition("=") for one in further)
    return {MAIN: main, **{name: sha for name, _, sha in pairs}}


def is_commit(version_id: str) -> bool:
    return not version_id.startswith((IMAGE_ID, SEVERAL))


def begins_with(version_id: str, digits: str) -> bool:
    """Whether its digest, or the hash of one of its commits, begins with what a person typed."""
    return any(one.startswith(digits) for one in (version_id, *hashes_in(version_id).values()))


def is_held(version_id: str, holds: Collection[str]) -> bool:
    """Whether one of the holds counts for it: one on commits, if it has all of them, whatever the
    stack file calls their repositories; one on images, if it is the same ones."""
    return any(_has_all_of(version_id, hold) for hold in holds)


def _has_all_of(version_id: str, hold: str) -> bool:
    held = set(hashes_in(hold).values())
    return hold == version_id or (bool(held) and held <= set(hashes_in(version_id).values()))


def short_id(version_id: str) -> str:
    """For people: 12 digits, after the word that says what they are; of each repository where there
    are several."""
    if hashes := hashes_in(version_id):
        return " + ".join(f"{name} {sha[:_SHORT]}".lstrip() for name, sha in hashes.items())
    lead, colon, sha = version_id.rpartition(":")
    return f"{lead}{colon}{sha[:_SHORT]}"
