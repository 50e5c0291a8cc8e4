"""An edge in memory, and the visitors who come by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from tests.world.engine import MemoryEngine
from tests.world.moments import Moments
from tidegate.edge.counters import BUCKET, TOTAL, MetricsSample
from tidegate.edge.doors import claims_of_route, doors_of_routes, taken_doors
from tidegate.edge.facts import Route, Served, Target
from tidegate.edge.headers import SLOT_HEADER, read_served
from tidegate.edge.probing import Question, Seen, SmokeVisit, Visit
from tidegate.edge.route_faults import faults_of
from tidegate.edge.route_files import Routes
from tidegate.edge.routing import backs_of, door_to, route_to, slots_served
from tidegate.errors import EdgeError, FencedError
from tidegate.facts import CheckResult, ContainerFacts, TrafficFigures
from tidegate.stack.checks import Answer
from tidegate.stack.showing import SmokeCheck

Key = tuple[str, str]


@dataclass
class MemoryEdge:
    """Obeys at once. `engine` is where the slots are; without one, every slot answers."""

    moments: Moments = field(default_factory=Moments)
    engine: MemoryEngine | None = None
    by_owner: dict[Key, Route] = field(default_factory=dict)
    refusing: set[str] = field(default_factory=set)
    """URLs of slots that run and answer 502, as what does not listen yet does at the real one."""
    public_url: str = "http://127.0.0.1:8080"

    def route(self, stack: str, environment: str) -> Route | None:
        return self.by_owner.get((stack, environment))

    def routes(self) -> Routes:
        return Routes(list(self.by_owner.values()), [])

    def apply(self, route: Route) -> None:
        doing = f"telling the edge the route of {route.stack} {route.environment}"
        there = self.route(route.stack, route.environment)
        if there and there.fence > route.fence:
            raise FencedError(
                doing,
                f"owner {there.fence} wrote it after owner {route.fence} was replaced",
                "Nothing was changed; let the newer run finish",
            )
        if faults := faults_of(route):
            raise EdgeError(doing, "; ".join(faults), "Correct what stack.yaml says about it")
        if taken := taken_doors(claims_of_route(route), doors_of_routes(self.routes().good)):
            raise EdgeError(doing, "; ".join(map(str, taken)), "Nothing was changed")
        if silent := [*self._silent(route, there)]:
            raise EdgeError(
                doing, f"{', '.join(silent)} does not answer", "Look at the slot", retryable=True
            )
        if there != route:
            self.by_owner[route.stack, route.environment] = route
            self.moments.change(f"route of {route.stack} {route.environment}: {told(route)}")

    def remove(self, stack: str, environment: str) -> None:
        if self.by_owner.pop((stack, environment), None):
            self.moments.change(f"route of {stack} {environment} was removed")

    def mend(self) -> list[str]:
        return []

    def serving(self, host: str, path: str) -> Served | None:
        return self.answering(host, path)

    def answering(self, host: str, path: str) -> Served | None:
        """Who answers a visitor's request: nobody else where the route that takes it has nobody."""
        route = route_to(self.by_owner.values(), host, path)
        target = self._answers(route, host, path) if route else None
        return (
            Served(route.stack, route.environment, target.deployment) if route and target else None
        )

    def slot_of(self, served: Served) -> Target | None:
        """The target under which a deployment is in its route."""
        route = self.route(served.stack, served.environment)
        known = (*route.targets, route.standby, route.candidate) if route else ()
        return next((one for one in known if one and one.deployment == served.number), None)

    def container_of(
        self, target: Target, host: str = "", path: str = "/"
    ) -> ContainerFacts | None:
        """The container that answers such a request to a target, where it runs; no host name is the
        target's first door."""
        door = door_to(target.doors, host, path) if host and target.doors else None
        return (
            None
            if host and target.doors and door is None
            else self._behind(door.url if door else target.url)
        )

    def _behind(self, url: str) -> ContainerFacts | None:
        if self.engine is None:
            return None
        project_and_service = url.removeprefix("http://").partition(":")[0]
        if name := next(
            (
                there[project_and_service]
                for there in self.engine.attached.values()
                if project_and_service in there
            ),
            None,
        ):
            taken = self.engine.containers_by_name.get(name)
            if taken is not None and taken.state == "running":
                return taken
        found = (one for one in self.engine.containers_by_name.values() if one.state == "running")
        return next(
            (
                one
                for one in found
                if one.name.startswith(f"{_project(one)}-")
                and project_and_service == f"{_project(one)}-{one.service.rpartition('-')[0]}"
            ),
            None,
        )

    def _answers(self, route: Route, host: str, path: str) -> Target | None:
        heaviest = sorted(route.targets, key=lambda target: -target.weight)
        return next(
            (one for one in (*heaviest, route.standby) if one and self._takes(one, host, path)),
            None,
        )

    def _takes(self, target: Target, host: str, path: str) -> bool:
        """Without an engine, whatever has a door answers."""
        if self.engine is None:
            return not target.doors or door_to(target.doors, host, path) is not None
        return self.container_of(target, host, path) is not None

    def _runs(self, target: Target) -> bool:
        urls = {target.url, *(door.url for door in target.doors)}
        return self.engine is None or all(self._behind(url) for url in urls)

    def _silent(self, route: Route, there: Route | None) -> Iterator[str]:
        """As on the real one: where nobody is moved, whoever serves need not answer, and how a
        candidate answers does not matter."""
        moved = there is None or there == route or slots_served(there) != slots_served(route)
        for one in route.targets if moved else ():
            if one.url in self.refusing or not self._runs(one):
                yield one.url
        if route.candidate and not self._runs(route.candidate):
            yield route.candidate.url


def told(route: Route) -> str:
    """Who serves, stands by and is offered."""
    serving = ", ".join(f"#{one.deployment}" for one in route.targets) or "nobody"
    return serving + "".join(
        f", {what} #{one.deployment}"
        for what, one in (("behind it", route.standby), ("offered", route.candidate))
        if one
    )


def _project(container: ContainerFacts) -> str:
    return container.labels["com.docker.compose.project"]


@dataclass
class MemoryWitness:
    """Is asked late: who serves may have changed since it began."""

    failing: Callable[[], int]

    def __enter__(self) -> MemoryWitness:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to end."""

    def figures(self) -> TrafficFigures:
        return TrafficFigures(
            total=20, failed=self.failing(), longest_gap_seconds=0.1, p95_seconds=0.01
        )

    def failures(self, most: int) -> list[Seen]:
        return [Seen(0.0, 0.1, "none", "status 500")] * min(self.failing(), most)


@dataclass
class MemoryVisitors:
    """Ask the edge, and judge by what the version behind it does."""

    edge: MemoryEdge
    engine: MemoryEngine
    is_away: bool = False
    counted: int = 0
    witnessed_seconds: float = 0.0
    """For which the last witness was asked."""

    def smoke(self, asked: SmokeVisit) -> list[CheckResult]:
        said = self._wrong(asked)
        return [
            CheckResult(check.name, "fail" if said else "pass", said or "200", 0.01)
            for check in asked.checks
        ]

    def ask(self, visit: Visit, path: str, deadline_seconds: float) -> Answer:
        self._refuse_away()
        served = self._served(visit, visit.name, path)
        return Answer(status=200, seconds=0.01) if served else Answer(status=503, seconds=0.01)

    def witness(
        self,
        visit: Visit,
        asked: Sequence[Question],
        *,
        owner: tuple[str, str],
        rate_per_second: float,
        most_seconds: float,
    ) -> MemoryWitness:
        self.witnessed_seconds = most_seconds
        return MemoryWitness(lambda: 20 if self._serve_badly(asked) else 0)

    def _serve_badly(self, asked: Sequence[Question]) -> bool:
        return any(
            self.serves_badly(self.edge.answering(one.host, one.path), one.host, one.path)
            for one in asked
        )

    def counters(self, service: str) -> MetricsSample:
        """A hundred requests more each time, all of them quick and good unless the version serves
        badly."""
        self._refuse_away()
        self.counted += 100
        stack, environment, number = service.split("_")
        bad = self.counted if self.serves_badly(Served(stack, environment, int(number))) else 0
        codes = {"200": self.counted - bad, "500": bad}
        answers = {
            (TOTAL, frozenset({("code", code), ("service", service)})): float(count)
            for code, count in codes.items()
        }
        quick = {
            (BUCKET, frozenset({("le", bound), ("service", service)})): float(self.counted)
            for bound in ("0.1", "+Inf")
        }
        return MetricsSample(1.0, {**answers, **quick})

    def serves_badly(self, served: Served | None, host: str = "", path: str = "/") -> bool:
        target = self.edge.slot_of(served) if served else None
        container = self.edge.container_of(target, host, path) if target else None
        return container is not None and not self.engine.version_of(container.image_id).serves_well

    def _wrong(self, asked: SmokeVisit) -> str:
        self._refuse_away()
        return next(filter(None, (self._wrong_with(asked, check) for check in asked.checks)), "")

    def _wrong_with(self, asked: SmokeVisit, check: SmokeCheck) -> str:
        host = asked.hosts[check.domains_of] if check.domains_of else asked.visit.name
        served = self._served(asked.visit, host, check.path)
        if served != asked.served:
            return f"it was answered by {served or 'no deployment'}, not by {asked.served}"
        target = self.edge.slot_of(served)
        container = self.edge.container_of(target, host, check.path) if target else None
        if container is None or not self.engine.version_of(container.image_id).answers_well:
            return "500"
        return (
            ""
            if self.engine.version_of(container.image_id).name == asked.version.name
            else "another version"
        )

    def _served(self, visit: Visit, host: str, path: str) -> Served | None:
        """At a slot's own address: by its doors, or at the one address that the header names."""
        if not visit.at_slot:
            return self.edge.answering(host, path)
        slot = "/".join(visit.headers.get(SLOT_HEADER, "").split("/")[:3])
        wanted = read_served(slot)
        target = self.edge.slot_of(wanted) if wanted else None
        if target and visit.headers[SLOT_HEADER] != slot:
            back = backs_of(target)[int(visit.headers[SLOT_HEADER].rpartition("/")[2])]
            return wanted if self.edge.container_of(Target(target.deployment, back.url)) else None
        return wanted if target and self.edge.container_of(target, host, path) else None

    def _refuse_away(self) -> None:
        if self.is_away:
            raise EdgeError(
                "asking the edge", "ConnectError", "Look whether the edge runs", retryable=True
            )
