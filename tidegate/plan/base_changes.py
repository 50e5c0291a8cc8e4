"""What a change of base services would do: which of them are made anew, why, and how long people
wait for it. Nothing here changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from tidegate.facts import ComposeModel

CONFIG_HASH_LABEL = "com.docker.compose.config-hash"
"""By which Compose itself sees that the definition of a service has changed."""
KeptContainer = dict[str, Any]
"""Everything that an engine needs to make a container anew as it was: JSON that holds secrets, so
it is never logged."""


class BaseServices(Protocol):
    """Containers of a base project, made anew one by one. Raises ComposeError, EngineError."""

    def hashes(
        self, model: ComposeModel, project: str, images: Mapping[str, str]
    ) -> Mapping[str, frozenset[str]]: ...
    def keep(self, containers: Collection[str]) -> list[KeptContainer]: ...
    def recreate(self, model: ComposeModel, project: str, before: Mapping[str, str]) -> None: ...
    def put_back(self, kept: Sequence[KeptContainer], key: str) -> None: ...


@dataclass(frozen=True)
class BaseChange:
    """One base service whose container is not as the compose files say."""

    service: str
    container: str
    """Id of the one that runs."""
    old_image: str
    new_image: str
    """Of a service that is built here, both are ids."""
    image_id: str | None
    """What its name meant on the engine; None of a digest, which always means the same."""
    what: tuple[str, ...]
    """What differs, by name: `image`, `build`, `command`, `environment.TZ`. Never a value."""
    databases: tuple[str, ...]
    """The declared databases that it runs."""
    volumes: tuple[str, ...]
    """Its data, by volume or path of the host: they stay as they are."""
    stop_seconds: float
    start_seconds: float
    """At most: how long Compose lets it end, and Tidegate lets it become healthy."""


@dataclass(frozen=True)
class BasePlan:
    """What a person decides about."""

    stack: str
    environment: str
    serving: str
    """Id of the deployment that serves meanwhile, and its version."""
    version: str
    changes: tuple[BaseChange, ...]
    configuration: str
    """Hash of the whole configuration that was read."""
    is_closed: bool
    """Whether nobody is served while it lasts: a database changes, or what a released service
    waits for."""
    saves: bool
    """Whether a verified backup is made first."""
    asks: bool
    files: Mapping[str, str]
    """Fingerprints of the files that the changed services are given, by name."""
    removed: tuple[str, ...] = ()
    """Services that run and that no compose file names: they are not touched."""
    missing: tuple[str, ...] = ()
    """Services that have never been started: the next release does it."""

    @property
    def services(self) -> list[str]:
        return [one.service for one in self.changes]

    @property
    def images(self) -> dict[str, str]:
        """Service -> the image that it will run."""
        return {one.service: one.new_image for one in self.changes}

    @property
    def before(self) -> dict[str, str]:
        """Service -> id of the container that is replaced."""
        return {one.service: one.container for one in self.changes}

    @property
    def start_seconds(self) -> float:
        return max((one.start_seconds for one in self.changes), default=0.0)

    @property
    def stop_seconds(self) -> float:
        return max((one.stop_seconds for one in self.changes), default=0.0)

    @property
    def hash(self) -> str:
        """SHA-256 over what the decision is about; 64 hex digits."""
        return hashlib.sha256(json.dumps(self.facts, sort_keys=True).encode()).hexdigest()

    @property
    def facts(self) -> dict[str, Any]:
        """As the ledger keeps it, in which no value of a setting stands."""
        facts: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return facts

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> BasePlan:
        """As it was kept."""
        lists = {name: tuple(facts[name]) for name in ("removed", "missing")}
        return cls(**{**facts, **lists, "changes": tuple(map(_change_of, facts["changes"]))})


def _change_of(facts: Mapping[str, Any]) -> BaseChange:
    lists = {name: tuple(facts[name]) for name in ("what", "databases", "volumes")}
    return BaseChange(**{**facts, **lists})
