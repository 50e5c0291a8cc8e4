"""A Docker engine in memory: containers, networks, volumes and images, as the ports of a host ask
for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tests.world.moments import Moments
from tests.world.versions import BY_COMMIT, Made
from tidegate.edge.hosts import are_one_property, is_of_host, of_host, port_at
from tidegate.errors import CapacityError
from tidegate.facts import FORWARDS_TO_LABEL, ContainerFacts, HostFacts, Outcome, is_one_off
from tidegate.plan.occupants import Mounted, Occupant, PathLook, VolumePlace
from tidegate.stack.roles import ALONE_LABEL
from tidegate.stack.slot import edge_network_name

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
GIB = 1 << 30


def _place(container: ContainerFacts) -> str:
    """The environment whose work it does; of what the team started by hand, the project is called
    like it."""
    own = [container.labels.get(key, "") for key in ("tidegate.stack", "tidegate.environment")]
    return "-".join(own) if all(own) else container.labels[PROJECT]


def _role(container: ContainerFacts) -> str:
    return container.service.rpartition("-")[0] or container.service


@dataclass
class Job:
    """A one-off container: it ends by itself, whatever becomes of the process that started it."""

    work: Callable[[], object] | None
    """What is left of it to do; None for one that runs until it is removed."""


@dataclass
class MemoryEngine:
    """Everything that is on one host. Each method changes one thing after the other, and says
    so."""

    moments: Moments
    containers_by_name: dict[str, ContainerFacts] = field(default_factory=dict)
    volumes_mounted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Container -> the volumes that it has."""
    networks: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    """Those of them that lead nowhere else."""
    attached: dict[str, dict[str, str]] = field(default_factory=dict)
    """Network -> alias -> container, of those that somebody else started."""
    forwarded: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """Stack and environment -> what the forwarders that are there tell the edge."""
    ports: dict[str, frozenset[tuple[str, int]]] = field(default_factory=dict)
    """Container -> the ports that it has of the host while it runs."""
    taken_ports: set[int] = field(default_factory=set)
    """Ports of the host that programs outside of it have."""
    volumes: dict[str, str] = field(default_factory=dict)
    """Volume, or path of the host -> what is in it."""
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    """Image id -> its labels."""
    tags: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    made: int = 0
    """How many containers there ever were."""
    ran_twice: list[str] = field(default_factory=list)
    """Containers of one service that never runs twice, which ran at the same moment."""

    def containers(self, labels: Mapping[str, str]) -> list[ContainerFacts]:
        return [
            one
            for one in self.containers_by_name.values()
            if labels.items() <= one.labels.items() and not is_one_off(one.labels)
        ]

    def of(self, project: str) -> list[ContainerFacts]:
        return self.containers({PROJECT: project})

    def projects(self, stack: str, environment: str) -> dict[str, list[ContainerFacts]]:
        """The slots of an environment, with their containers."""
        found = self.containers({"tidegate.stack": stack, "tidegate.environment": environment})
        return {one.labels[PROJECT]: self.of(one.labels[PROJECT]) for one in found}

    def version_of(self, image: str) -> Made:
        return BY_COMMIT[self.images[image]["org.opencontainers.image.revision"]]

    def state(self, name: str, **changes: object) -> None:
        self.containers_by_name[name] = replace(self.containers_by_name[name], **changes)  # type: ignore[arg-type]
        self.count_alone(name)

    def count_alone(self, name: str) -> None:
        """Called when a container has changed: of a service that never runs twice, who else runs
        now?"""
        mine = self.containers_by_name[name]
        if ALONE_LABEL in mine.labels and mine.state == "running":
            twins = [
                one.name
                for one in self.containers({ALONE_LABEL: "true"})
                if one.state == "running"
                and (_place(one), _role(one)) == (_place(mine), _role(mine))
                and one.name != name
            ]
            self.ran_twice += [f"{name} beside {twin}" for twin in twins]

    def ports_of(self, container: str) -> frozenset[tuple[str, int]]:
        is_there = self.containers_by_name[container].state == "running"
        return self.ports.get(container, frozenset()) if is_there else frozenset()

    def held(self, host: str) -> str | None:
        """Who has a port of the host, which is written as the edge is told of it."""
        containers = (
            (name, port_at(*port))
            for name in self.containers_by_name
            for port in self.ports_of(name)
        )
        forwarders = ((one, one) for hosts in self.forwarded.values() for one in hosts)
        return next(
            (name for name, port in (*containers, *forwarders) if are_one_property(port, host)),
            None,
        )

    def begin_job(self, key: str, work: Callable[[], object] | None) -> None:
        """A container of its own. One that an earlier attempt left under the key is removed
        first."""
        self.jobs.pop(key, None)
        self.jobs[key] = Job(work)
        self.moments.change(f"job {key} began")

    def end_job(self, key: str) -> None:
        """What is left of its work, then the container is removed."""
        self._finish(key)
        del self.jobs[key]
        self.moments.change(f"job {key} ended")

    def _finish(self, key: str) -> None:
        work, self.jobs[key].work = self.jobs[key].work, None
        if work:
            work()


@dataclass
class MemoryHost:
    """The port of its containers."""

    engine: MemoryEngine
    url: str = ""
    edge_network: str = "edge"

    def containers(self, labels: Mapping[str, str]) -> list[ContainerFacts]:
        return self.engine.containers(labels)

    def own_check(self, container: str) -> Outcome | None:
        return None

    def logs(self, container: str) -> str:
        return "it said nothing of use"

    def outlast(self, prefix: str, timeout_seconds: float) -> None:
        for key in [key for key in self.engine.jobs if key.startswith(prefix)]:
            self.engine.end_job(key)


@dataclass
class MemoryMeasures:
    """A host with room for everything."""

    engine: MemoryEngine

    def facts(self) -> HostFacts:
        return HostFacts(
            "memory", "memory", "linux/amd64", 100 * GIB, 100 * GIB, 16 * GIB, 16 * GIB
        )

    def network_names(self) -> set[str]:
        return set(self.engine.networks)

    def open_networks(self) -> set[str]:
        return self.engine.networks - self.engine.closed

    def free_networks(self) -> int:
        return 30 - len(self.engine.networks)

    def require_free_port(self, port: int, address: str) -> None:
        """Containers have theirs by name; this asks for programs."""
        if port in self.engine.taken_ports:
            raise CapacityError("taking a port", "a program outside Docker has it", "Stop it")


@dataclass
class MemoryOccupancy:
    """Who is on it."""

    engine: MemoryEngine

    def occupants(self) -> list[Occupant]:
        return [
            Occupant(
                one.id,
                one.name,
                one.labels[PROJECT],
                one.service,
                self._mounts(one.name),
                self.engine.ports_of(one.name),
                one.labels,
            )
            for one in self.engine.containers_by_name.values()
        ] + [
            Occupant(
                f"forwards-{host}",
                f"forwards-{host}",
                "",
                "",
                (),
                frozenset({of_host(host)}),
                {FORWARDS_TO_LABEL: "/".join(owner)},
            )
            for owner, hosts in self.engine.forwarded.items()
            for host in hosts
            if is_of_host(host)
        ]

    def volume_places(self) -> dict[str, VolumePlace]:
        return {name: VolumePlace(f"/volumes/{name}", "") for name in self.engine.volumes}

    def database_names(self, container: str) -> frozenset[str]:
        return frozenset()

    def look_at(self, path: str) -> PathLook:
        return PathLook(path, is_file=False, is_new=True)

    def _mounts(self, container: str) -> tuple[Mounted, ...]:
        return tuple(
            Mounted(
                name,
                frozenset({name if name[0] == "/" else f"/volumes/{name}"}),
                f"/data/{name}",
                is_writable=True,
            )
            for name in self.engine.volumes_mounted.get(container, ())
        )


@dataclass
class MemoryNetworks:
    """The networks on which slots meet the edge."""

    engine: MemoryEngine

    def join(self, stack: str, environment: str) -> None:
        name = edge_network_name("edge", stack, environment)
        if name not in self.engine.networks:
            self.engine.networks.add(name)
            self.engine.moments.change(f"network {name} was made", makes=f"network {name}")

    def leave(self, stack: str, environment: str) -> None:
        name = edge_network_name("edge", stack, environment)
        needed = self.engine.projects(stack, environment) or self.engine.attached.get(name)
        if name in self.engine.networks and not needed:
            self.engine.networks.discard(name)
            self.engine.moments.change(f"network {name} was removed", unmakes=f"network {name}")
