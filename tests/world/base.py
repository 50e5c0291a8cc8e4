"""Base services in memory: containers that are made anew, and made again as they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tests.world.compose import MemoryCompose, hash_of
from tests.world.engine import PROJECT, SERVICE, MemoryEngine
from tidegate.facts import ComposeModel, ContainerFacts
from tidegate.plan.base_changes import KeptContainer
from tidegate.plan.occupancy import base_model
from tidegate.stack.base_builds import with_images

PUT_BACK = "tidegate.put-back"


@dataclass
class MemoryBaseServices:
    """The port of them."""

    engine: MemoryEngine
    compose: MemoryCompose

    def hashes(
        self, model: ComposeModel, project: str, images: Mapping[str, str]
    ) -> Mapping[str, frozenset[str]]:
        ours = base_model(with_images(model, images), project, {})["services"]
        return {
            name: frozenset({hash_of(ours[name]), hash_of(service)})
            for name, service in model["services"].items()
        }

    def keep(self, containers: Collection[str]) -> list[KeptContainer]:
        return [self._kept(self._by_id()[one]) for one in containers]

    def recreate(self, model: ComposeModel, project: str, before: Mapping[str, str]) -> None:
        """As Compose does it: the old one is stopped and removed, then there is the new one."""
        for service, old in before.items():
            there = self._by_id().get(old)
            if there is not None:
                self._stop(there)
                self._remove(there)
            if not self.engine.containers({PROJECT: project, SERVICE: service}):
                self.compose.up_base(model, project, [service], {})

    def put_back(self, kept: Sequence[KeptContainer], key: str) -> None:
        for one in kept:
            labels = one["labels"]
            there = self.engine.containers({name: labels[name] for name in (PROJECT, SERVICE)})
            mine = [c for c in there if c.id == one["id"] or c.labels.get(PUT_BACK) == key]
            for other in there:
                if other not in mine:
                    self._stop(other)
                    self._remove(other)
            if not mine:
                self._make(one, key)
            elif mine[0].state != "running":
                self._start(mine[0])

    def _make(self, kept: KeptContainer, key: str) -> None:
        self.engine.made += 1
        name = kept["name"]
        self.engine.containers_by_name[name] = ContainerFacts(
            id=f"c{self.engine.made}",
            name=name,
            service=kept["labels"][SERVICE],
            image_id=kept["image"],
            state="running",
            health="healthy",
            restarts=0,
            exit_code=0,
            labels={**kept["labels"], PUT_BACK: key},
        )
        self.engine.volumes_mounted[name] = tuple(kept["volumes"])
        self.engine.moments.change(f"container {name} was made again", makes=f"container {name}")

    def _start(self, one: ContainerFacts) -> None:
        self.engine.state(one.name, state="running", health="healthy", exit_code=0, restarts=0)
        self.engine.moments.change(f"container {one.name} was started")

    def _stop(self, one: ContainerFacts) -> None:
        if one.state == "running":
            self.engine.state(one.name, state="exited", health="none")
            self.engine.moments.change(f"container {one.name} was stopped")

    def _remove(self, one: ContainerFacts) -> None:
        del self.engine.containers_by_name[one.name]
        self.engine.volumes_mounted.pop(one.name, None)
        self.engine.moments.change(
            f"container {one.name} was removed", unmakes=f"container {one.name}"
        )

    def _kept(self, one: ContainerFacts) -> KeptContainer:
        return {
            "id": one.id,
            "name": one.name,
            "image": one.image_id,
            "labels": dict(one.labels),
            "volumes": list(self.engine.volumes_mounted[one.name]),
        }

    def _by_id(self) -> dict[str, ContainerFacts]:
        return {one.id: one for one in self.engine.containers_by_name.values()}
