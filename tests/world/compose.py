"""Compose in memory, over the engine in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.world.engine import PROJECT, SERVICE, MemoryEngine
from tests.world.versions import BROKEN
from tidegate.errors import CapacityError, EngineError
from tidegate.facts import ONE_SHOT_LABEL, ComposeModel, ContainerFacts, Slot
from tidegate.plan.base_changes import CONFIG_HASH_LABEL
from tidegate.plan.occupancy import BASE_LABEL, base_model
from tidegate.stack.roles import ALONE_LABEL
from tidegate.stack.slot import declared_volumes, slot_network_name

NEVER_HEALTHY = ["--never-healthy"]
"""A command with which a base service ends at once."""


def hash_of(service: Mapping[str, object]) -> str:
    """By which Compose sees that a definition has changed."""
    return hashlib.sha256(json.dumps(service, sort_keys=True).encode()).hexdigest()


@dataclass
class MemoryCompose:
    """Compose over that engine; `model` is what the team's files say, for a project."""

    engine: MemoryEngine
    model: Callable[[str], ComposeModel]

    def read(
        self,
        files: Sequence[Path],
        environment: Mapping[str, str],
        project: str,
        own: Collection[str] = (),
        left_out: Collection[str] = (),
    ) -> ComposeModel:
        return self.model(project)

    def env_files(
        self, files: Sequence[Path], environment: Mapping[str, str], project: str
    ) -> dict[str, list[str]]:
        return {}

    def up(self, slot: Slot) -> None:
        """Again: changes nothing."""
        for key, network in slot.model["networks"].items():
            if not network.get("external"):
                self._have_network(network.get("name", f"{slot.project}_{key}"))
        for name, service in slot.model["services"].items():
            self._start(slot.project, name, service, slot.model)

    def up_base(
        self, model: ComposeModel, project: str, services: Sequence[str], jobs: Mapping[str, str]
    ) -> None:
        started = base_model(model, project, jobs)
        for name in services:
            self._start(project, name, started["services"][name], started)

    def make_networks(self, model: ComposeModel, project: str, names: Collection[str]) -> None:
        internal = {
            str(one.get("name")) for one in model["networks"].values() if one.get("internal")
        }
        for name in set(names) - self.engine.networks:
            self._have_network(name)
            self.engine.closed |= {name} & internal

    def make_volumes(self, model: ComposeModel, project: str, keys: Collection[str]) -> None:
        for declared in declared_volumes(model, project, keys).values():
            self._have_volume(declared["name"])

    def make_folders(self, paths: Collection[str]) -> None:
        for path in paths:
            self._have_volume(path)

    def stop(
        self, project: str, grace_seconds: int, services: Collection[str] | None = None
    ) -> None:
        for one in self._of(project, services):
            if one.state == "running":
                self.engine.state(
                    one.name, state="exited", health="none", ended_at=datetime.now(UTC)
                )
                self.engine.moments.change(f"container {one.name} was stopped")

    def start_again(self, project: str, services: Collection[str] | None = None) -> None:
        there = self._of(project, services)
        if not there:
            raise EngineError(
                f"starting {project} again",
                "its containers have been removed",
                "Release that version anew",
            )
        for one in there:
            if one.state != "running":
                self.engine.state(
                    one.name, state="running", health="healthy", started_at=datetime.now(UTC)
                )
                self.engine.moments.change(f"container {one.name} was started again")

    def remove(self, project: str) -> None:
        for one in self.engine.of(project):
            del self.engine.containers_by_name[one.name]
            self.engine.volumes_mounted.pop(one.name, None)
            self.engine.moments.change(
                f"container {one.name} was removed", unmakes=f"container {one.name}"
            )
        own = {name for name in self.engine.networks if name.startswith(f"{project}_")}
        for name in sorted(own | {slot_network_name(project)} & self.engine.networks):
            self.engine.networks.discard(name)
            self.engine.moments.change(f"network {name} was removed")

    def _of(self, project: str, services: Collection[str] | None) -> list[ContainerFacts]:
        return [
            one for one in self.engine.of(project) if services is None or one.service in services
        ]

    def _start(
        self, project: str, service: str, declared: Mapping[str, object], model: ComposeModel
    ) -> None:
        there = next((one for one in self.engine.of(project) if one.service == service), None)
        if there is not None and there.state == "running":
            return
        if there is not None:
            self.engine.state(
                there.name, state="running", health="healthy", started_at=datetime.now(UTC)
            )
            self.engine.moments.change(f"container {there.name} was started")
            return
        self._make(project, service, declared, model)

    def _make(
        self, project: str, service: str, declared: Mapping[str, object], model: ComposeModel
    ) -> None:
        image, name = str(declared["image"]), f"{project}-{service}-1"
        if image not in self.engine.images:
            raise EngineError(
                f"starting {name}", f"the engine has no image {image}", "Provide it first"
            )
        volumes = tuple(
            str(one["source"] if one["type"] == "bind" else model["volumes"][one["source"]]["name"])
            for one in declared.get("volumes") or ()  # type: ignore[attr-defined]
        )
        for volume in volumes:
            self._have_volume(volume)
        labels = {
            **self.engine.images[image],
            **dict(declared.get("labels") or {}),  # type: ignore[call-overload]
            PROJECT: project,
            SERVICE: service,
            CONFIG_HASH_LABEL: hash_of(declared),
        }
        is_well = declared.get("command") != NEVER_HEALTHY and self._starts(image, labels)
        runs = is_well and ONE_SHOT_LABEL not in labels
        self.engine.made += 1
        self.engine.containers_by_name[name] = ContainerFacts(
            id=f"c{self.engine.made}",
            name=name,
            service=service,
            image_id=image,
            state="running" if runs else "exited",
            health="healthy" if runs else "none",
            restarts=0 if is_well else 3,
            exit_code=0 if is_well else 1,
            labels=labels,
            started_at=datetime.now(UTC),
        )
        self.engine.volumes_mounted[name] = volumes
        self.engine.count_alone(name)
        self.engine.moments.change(f"container {name} was made", makes=f"container {name}")

    def _starts(self, image: str, labels: Mapping[str, str]) -> bool:
        """Whether what was built of a version becomes healthy; others' images always do."""
        if "org.opencontainers.image.revision" not in self.engine.images[image]:
            return True
        version = self.engine.version_of(image)
        if BASE_LABEL in labels:
            return version.base != BROKEN
        return version.starts(is_alone=ALONE_LABEL in labels)

    def _have_network(self, name: str) -> None:
        if name not in self.engine.networks:
            if len(self.engine.networks) >= 30:
                raise CapacityError(
                    f"making the network {name}", "no address range is left", "Remove some"
                )
            self.engine.networks.add(name)
            self.engine.moments.change(f"network {name} was made")

    def _have_volume(self, name: str) -> None:
        if name not in self.engine.volumes:
            self.engine.volumes[name] = ""
            self.engine.moments.change(f"volume {name} was made", makes=f"volume {name}")
