"""What is saved, and where it lies: the words that backups and restores share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tidegate.schema.ports import HistoryTables
from tidegate.stack.data import AnyDatabase


@dataclass(frozen=True)
class PlacedDatabase:
    """One declared database, the container that runs it, and the env values with its logins."""

    spec: AnyDatabase
    container: str
    """Empty where it is elsewhere: then it is reached through a client."""
    environment: Mapping[str, str] = field(repr=False)
    networks: tuple[str, ...] = ()
    """Of that client."""


@dataclass(frozen=True)
class ToSave:
    """Everything that one backup holds."""

    databases: Sequence[PlacedDatabase]
    volumes: Mapping[str, str]
    """Declared name -> the engine's name."""
    image: str
    """Of a container through which the volumes are read."""
    config: Mapping[str, str]
    """Fingerprints of the configuration, never values of secrets."""


class RestoredCopy(Protocol):
    """A database that was restored from a backup, for as long as it is proved."""

    @property
    def network(self) -> str:
        """Leads nowhere but to this database."""

    @property
    def database(self) -> HistoryTables:
        """The copy itself, as its owner asks it."""

    @property
    def environment(self) -> Mapping[str, str]:
        """For an application's container on `network`: its host, port, user, password and
        database."""


Rehearse = Callable[[str, RestoredCopy], object]
"""Called with the database's name while its restored copy still stands."""
