"""What every step is given: one deployment, being carried out in an opened environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.frame.open_environment import OpenEnvironment
from tidegate.edge.facts import Served, Target
from tidegate.edge.routing import doors_of_slot, slot_url
from tidegate.facts import Slot
from tidegate.ledger.adoptions import released_in
from tidegate.ledger.tables import Deployment, Lock
from tidegate.plan.seals import Seals
from tidegate.settings import Settings
from tidegate.stack.names import slot_number
from tidegate.stack.slot import edge_alias, edge_network_name, make_slot
from tidegate.versions import Version


def seals(settings: Settings) -> Seals:
    return Seals(settings.home / "sealed")


@dataclass(frozen=True)
class Work:
    """One deployment being carried out: where, what, with which images and under which lock."""

    env: OpenEnvironment
    deployment: Deployment
    version: Version
    pins: Mapping[str, str]
    lock: Lock | None = None

    @property
    def title(self) -> str:
        return f"{self.env.stack.name} {self.env.name} #{self.deployment.number}"

    @property
    def project(self) -> str:
        return self.deployment.slot

    @property
    def served(self) -> Served:
        """How the edge names this deployment in an answer."""
        return Served(self.env.stack.name, self.env.name, self.deployment.number)

    @property
    def fence(self) -> int | None:
        """The number that every change carries, so that a late owner is refused."""
        return self.lock.fence if self.lock else None

    def check_fence(self) -> None:
        """Raises FencedError when somebody has taken over: asked before changes that cannot carry
        the number."""
        if self.lock:
            self.env.ledger.locks.check(self.lock)

    def key(self, step: str) -> str:
        return self.env.ledger.journal.key(
            self.env.name, self.env.stack.name, self.deployment.number, step
        )

    def slot(self) -> Slot:
        """The slot's compose model, from what was planned."""
        labels = {
            "tidegate.stack": self.env.stack.name,
            "tidegate.environment": self.env.name,
            "tidegate.deployment": str(self.deployment.number),
            "tidegate.version": self.version.name,
            "tidegate.fence": str(self.fence or 0),
        }
        env = self.env
        return make_slot(
            env.with_copies(env.model()),
            base_project=env.base_project,
            project=self.project,
            number=int(slot_number(self.project)),
            released=released_in(env.ledger, env.stack.name, env.name, self.project, env.released),
            images=self.pins,
            labels=labels,
            edge_network=edge_network_name(env.host.edge_network, env.stack.name, env.name),
            alone=env.alone,
            jobs=env.jobs,
        )

    def target(self) -> Target:
        return target(self.env, self.deployment)


def target(env: OpenEnvironment, deployment: Deployment) -> Target:
    """Where the edge finds a deployment's slot: one address, or the doors of its routes."""
    main = env.routed[0]
    return Target(
        deployment=deployment.number,
        url=slot_url(deployment.slot, main.service.name, main.port),
        doors=doors_of_slot(env.stack, env.config, deployment.slot),
    )


def is_slot_of(url: str, project: str) -> bool:
    """Whether a target of the edge is a slot's, whatever its service and port are called."""
    return url.startswith(f"http://{edge_alias(project, '')}")
