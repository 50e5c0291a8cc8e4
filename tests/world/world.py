"""One host with everything on it, and the ports by which each environment of it is spoken to."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from tests.world.base import MemoryBaseServices
from tests.world.by_hand import MemoryHandStarted
from tests.world.compose import MemoryCompose
from tests.world.data import Content, MemoryDatabases, MemoryMigrations
from tests.world.edge import MemoryEdge, MemoryVisitors
from tests.world.engine import (
    MemoryEngine,
    MemoryHost,
    MemoryMeasures,
    MemoryNetworks,
    MemoryOccupancy,
)
from tests.world.forwarders import MemoryForwarders
from tests.world.images import MemoryBuilder, MemoryImages, MemoryShelf
from tests.world.moments import Moments, watched
from tests.world.people import MemoryEvents, MemoryNotifier
from tests.world.saved import MemoryBackups, MemoryDatabaseCopies, MemoryVolumeCopies
from tests.world.sources import MemoryFurther, MemorySource
from tests.world.versions import VERSIONS
from tidegate.facts import ComposeModel
from tidegate.ports import Ports
from tidegate.stack.file import Stack

BASE_IMAGE = "mysql:8"


def model_of(project: str) -> ComposeModel:
    """Three released services, of which one has a door and one never runs twice, and a database;
    one volume of each kind, and a folder of the host."""
    released: dict[str, Any] = {
        "networks": {"default": None},
        "volumes": [
            {"type": "volume", "source": "uploads", "target": "/uploads"},
            {"type": "bind", "source": f"/srv/{project}", "target": "/media"},
        ],
    }
    return {
        "name": project,
        "services": {
            "web": {"image": "acme/web", **released},
            "worker": {"image": "acme/worker", **released},
            "beat": {"image": "acme/beat:1", **released},
            "db": {
                "image": BASE_IMAGE,
                "networks": {"default": None},
                "volumes": [{"type": "volume", "source": "data", "target": "/var/lib/mysql"}],
            },
        },
        "networks": {"default": {"name": f"{project}_default"}},
        "volumes": {key: {"name": f"{project}_{key}"} for key in ("data", "uploads")},
    }


@dataclass
class World:
    """What is true outside of Tidegate. `moments` sees every call and every change."""

    moments: Moments = field(default_factory=Moments)

    def __post_init__(self) -> None:
        self.engine = MemoryEngine(self.moments, images={BASE_IMAGE: {}}, networks={"edge"})
        self.edge = MemoryEdge(self.moments, self.engine)
        self.visitors = MemoryVisitors(self.edge, self.engine)
        self.databases = MemoryDatabases(self.engine)
        self.shelf = MemoryShelf()
        for one in VERSIONS.values():
            self.shelf.push(f"acme/web:{one.name}", one)
        for name in ("worker", "beat"):
            self.shelf.push(f"acme/{name}:9", VERSIONS["v1.0.0"])
        self.backups: dict[str, MemoryBackups] = {}
        self.notifiers: dict[str, MemoryNotifier] = {}
        self.events = MemoryEvents(self.moments)
        self.further: dict[str, MemoryFurther] = {}
        """Repositories beside the team's first one, by their names in the stack file."""
        self.edited: dict[str, dict[str, Any]] = {}
        """Service -> what the team has written into its compose file since."""
        self.shared: dict[str, dict[str, Any]] = {}
        """Networks that the team has named in every compose file since."""

    def model(self, project: str) -> ComposeModel:
        """What the compose files say now."""
        model = model_of(project)
        for name, changes in self.edited.items():
            said = {**model["services"].get(name, {}), **changes}
            model["services"][name] = {key: one for key, one in said.items() if one is not None}
        model["networks"].update(self.shared)
        return model

    def ports(self, stack: Stack, environment: str) -> Ports:
        """As an environment is opened. mypy proves that each twin fulfils its port."""
        backups = self.backups_of(f"{stack.name}-{environment}")
        compose = MemoryCompose(self.engine, self.model)
        ports = Ports(
            host=MemoryHost(self.engine),
            measures=MemoryMeasures(self.engine),
            occupancy=MemoryOccupancy(self.engine),
            by_hand=MemoryHandStarted(self.engine),
            networks=MemoryNetworks(self.engine),
            forwarders=MemoryForwarders(self.engine),
            compose=compose,
            base=MemoryBaseServices(self.engine, compose),
            images=MemoryImages(self.engine, self.shelf),
            builder=MemoryBuilder(self.engine),
            registry=None,
            source=MemorySource() if stack.source else None,
            further={name: watched(name, one, self.moments) for name, one in self.further.items()},
            edge=self.edge,
            visitors=self.visitors,
            databases=self.databases,
            migrations=MemoryMigrations(self.engine, self.databases),
            backups=backups,
            restored=MemoryDatabaseCopies(backups),
            volumes=MemoryVolumeCopies(backups),
            notifiers={
                name: watched(name, self.notifier(name), self.moments)
                for name in stack.notifiers_for("red")
            },
            events=self.events,
        )
        return Ports(
            **{
                role: port
                if port is None or role in ("notifiers", "further")
                else watched(role, port, self.moments)
                for role, port in vars(ports).items()
            }
        )

    def backups_of(self, project: str) -> MemoryBackups:
        return self.backups.setdefault(project, MemoryBackups(self.engine, self.databases))

    def notifier(self, name: str) -> MemoryNotifier:
        return self.notifiers.setdefault(name, MemoryNotifier(name, self.moments))

    def content(self, project: str) -> Content:
        """Of the environment's database."""
        return self.databases.of(project).content

    def again(self) -> World:
        """The same world, which a test may change without touching this one."""
        return copy.deepcopy(self)
