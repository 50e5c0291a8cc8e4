"""What the team started by hand, in memory: containers without any label of ours, handled one by
one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.world.compose import MemoryCompose
from tests.world.engine import PROJECT, MemoryEngine
from tests.world.versions import VERSIONS
from tidegate.edge.hosts import port_at
from tidegate.errors import EngineError
from tidegate.facts import ComposeModel, ContainerFacts
from tidegate.plan.adoption import REVISION, VERSION, FoundContainer, PublishedPort
from tidegate.plan.occupancy import BASE_LABEL
from tidegate.plan.occupants import Mounted
from tidegate.stack.roles import ALONE_LABEL

TARGETS = {"data": "/var/lib/mysql", "uploads": "/uploads", "/srv/shop-prod": "/media"}
TEAMS = ("web", "worker", "beat")
"""Services whose images the team makes itself."""
PORT = PublishedPort("0.0.0.0", 8000, 8000)


@dataclass
class MemoryHandStarted:
    """The port of them."""

    engine: MemoryEngine

    def containers_of(self, project: str) -> list[FoundContainer]:
        return [self._seen(one, project) for one in self.engine.of(project)]

    def volume_sizes(self) -> Mapping[str, int]:
        return dict.fromkeys(self.engine.volumes, 1024)

    def attach(self, container: str, network: str, alias: str) -> None:
        """Again: changes nothing."""
        name, there = self._name(container), self.engine.attached.setdefault(network, {})
        if name and there.get(alias) != name:
            for other in [other for other, joined in there.items() if joined == name]:
                del there[other]
            there[alias] = name
            self.engine.moments.change(f"container {name} was attached")

    def detach(self, container: str, network: str) -> None:
        there = self.engine.attached.get(network, {})
        for alias in [alias for alias, name in there.items() if name == self._name(container)]:
            self.engine.moments.change(f"container {there.pop(alias)} was detached")

    def stop(self, containers: Sequence[str], grace_seconds: int) -> None:
        self._set(containers, "running", "was stopped", state="exited", health="none")

    def start(self, containers: Sequence[str]) -> None:
        """Each with its ports of the host, which somebody else may have by now."""
        for name in filter(None, map(self._name, containers)):
            for port in self.engine.ports.get(name, ()):
                holder = self.engine.held(port_at(*port))
                if holder not in (None, name):
                    raise EngineError(f"starting {name}", f"{holder} has its port", "Stop that")
        self._set(containers, "exited", "was started again", state="running", health="healthy")

    def _set(self, containers: Sequence[str], of: str, what: str, **changes: str) -> None:
        for name in filter(None, map(self._name, containers)):
            if self.engine.containers_by_name[name].state == of:
                self.engine.state(name, **changes)
                self.engine.moments.change(f"container {name} {what}")

    def _name(self, container: str) -> str | None:
        return next(
            (one.name for one in self.engine.containers_by_name.values() if one.id == container),
            None,
        )

    def _seen(self, one: ContainerFacts, project: str) -> FoundContainer:
        mounts = tuple(
            Mounted(
                name,
                frozenset({name if name[0] == "/" else f"/volumes/{name}"}),
                TARGETS.get(name.rpartition("_")[2], name),
                is_writable=True,
            )
            for name in self.engine.volumes_mounted.get(one.name, ())
        )
        return FoundContainer(
            id=one.id,
            name=one.name,
            service=one.service,
            state=one.state,
            started_at="2026-03-01T00:00:00Z",
            image=f"acme/{one.service}:latest" if one.service in TEAMS else one.image_id,
            image_id=one.image_id,
            image_labels=self.engine.images.get(one.image_id, {}),
            labels=one.labels,
            mounts=mounts,
            networks=(f"{project}_default",),
            ports=(PORT,) if one.service == "web" else (),
        )


def start_by_hand(engine: MemoryEngine, model: ComposeModel, version: str) -> None:
    """As `docker compose up --detach` does it, without Tidegate."""
    model["services"]["beat"]["labels"] = {ALONE_LABEL: "true"}
    for name in TEAMS:
        image = f"sha256:{name}-of-the-team"
        engine.images[image] = {REVISION: VERSIONS[version].sha, VERSION: version}
        model["services"][name]["image"] = image
    compose = MemoryCompose(engine, lambda project: model)
    compose.up_base(model, model["name"], list(model["services"]), {})
    compose.make_networks(model, model["name"], [f"{model['name']}_default"])
    for one in engine.of(model["name"]):
        assert PROJECT in one.labels
        if one.service == "web":
            engine.ports[one.name] = frozenset({(PORT.address, PORT.port)})
        engine.state(
            one.name, labels={key: value for key, value in one.labels.items() if key != BASE_LABEL}
        )
