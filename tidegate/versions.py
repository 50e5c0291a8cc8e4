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
_SHORT = 12


@dataclass(frozen=True)
class Commit:
    """One commit of a stack's repository."""

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

    @property
    def id(self) -> str:
        """What releases, holds and evidence are about: the commit's full hash, or else the
        images."""
        return self.commit.sha if self.commit else id_of_images(self.images.values())


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
    """A version as the ledger has it. Of a commit nothing is known there but its hash."""
    if is_commit(version_id):
        return Version(name, Commit(sha=version_id, subject="", author="", at=at))
    return Version(name, None, pins)


def is_commit(version_id: str) -> bool:
    return not version_id.startswith((IMAGE_ID, SEVERAL))


def short_id(version_id: str) -> str:
    """For people: 12 digits, after the word that says what they are."""
    lead, colon, sha = version_id.rpartition(":")
    return f"{lead}{colon}{sha[:_SHORT]}"
