"""What was seen in a folder that has compose files: the facts from which a stack file is
proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tidegate.facts import ComposeModel
from tidegate.proposal.compose_files import Place
from tidegate.proposal.dockerfile import Dockerfile

PROJECT = "init"
"""A name for Compose to read by; nothing is started under it."""


@dataclass(frozen=True)
class Repository:
    """Where the commits come from. `context` is the folder of the repository in which the compose
    files lie."""

    address: str
    branch: str
    context: str = "."
    newest: str = ""
    """The newest version tag, or a commit: what can be released now. Empty where nothing is
    committed."""
    tracked: frozenset[str] = frozenset()
    """What git has, by whole paths."""


@dataclass(frozen=True)
class ProductionEnv:
    """The env file of production: its keys. What it says stays there, but that a key is empty."""

    file: str
    keys: tuple[str, ...]
    empty: frozenset[str]


@dataclass(frozen=True)
class Look:
    """`model` is the compose model of the first place, no variable put in; `env_files` are those
    that are there."""

    folder: str
    path: str
    """Of the folder, from `/` on."""
    repository: Repository
    places: tuple[Place, ...]
    model: ComposeModel
    dockerfiles: Mapping[str, Dockerfile]
    example: Mapping[str, str]
    env_files: frozenset[str]
    left_out: tuple[str, ...] = ()
    """Compose files that no environment reads."""
    profiles: tuple[str, ...] = ()
    """Those that the application is started with; `model` has their services."""
    env_file_as: tuple[str, ...] = ()
    """Env files of the compose files that each server has for itself; `example` says what is in
    them."""
    unasked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Services that are not in `model`, with the profiles for which nobody asks."""
    production: ProductionEnv | None = None
    """Where it is all that is known of an env file."""
