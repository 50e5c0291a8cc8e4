"""`keep_warm`: the old slot runs on until the next release, never beside a schema it cannot live
with, or data put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from prefect.logging import disable_run_logger

from tasks.data.restores import close_doors
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.planned import Planned
from tasks.frame.work import Work, target
from tasks.plan.preflight import slots_to_come
from tasks.slots.containers import stop_old_slot, stop_slot_left
from tests.unit.ledger_parts import Clock, deploy, open_ledger, record_release
from tests.unit.plans import COMMIT
from tests.world.edge import MemoryEdge
from tests.world.engine import MemoryEngine
from tests.world.forwarders import MemoryForwarders
from tests.world.images import MemoryImages, MemoryShelf
from tests.world.moments import Moments
from tidegate.edge.facts import Route
from tidegate.facts import ContainerFacts
from tidegate.ledger import Ledger
from tidegate.plan.changes import WayBack
from tidegate.policy.states import DeploymentState as S
from tidegate.secrecy.redaction import Redactor
from tidegate.stack.routes import Routed
from tidegate.stack.services import Service
from tidegate.versions import Version


class Engine:
    """Slots by project, running or not: as host and as Compose."""

    def __init__(self, *running: str) -> None:
        self.slots = dict.fromkeys(running, "running")

    def containers(self, labels: Mapping[str, str]) -> list[ContainerFacts]:
        return [
            ContainerFacts(
                id=project,
                name=project,
                service="web",
                image_id="",
                state=state,  # type: ignore[arg-type]
                health="healthy",
                restarts=0,
                exit_code=0,
                labels={"com.docker.compose.project": project},
            )
            for project, state in self.slots.items()
        ]

    def stop(self, project: str, grace_seconds: int, services: object = None) -> None:
        self.slots[project] = "exited"

    def remove(self, project: str) -> None:
        del self.slots[project]

    @property
    def running(self) -> set[str]:
        return {project for project, state in self.slots.items() if state == "running"}


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path, Clock()) as ledger:
        yield ledger


def opened(
    ledger: Ledger, engine: Engine, *, keep_warm: bool = True, way_back: WayBack = "image only"
) -> Work:
    """Deployment #2, which the edge serves, after #1; under its lock."""
    old = deploy(ledger, "v1")
    new = ledger.deployments.open(
        key="release/run-2/prod",
        release_id=record_release(ledger, "v2").id,
        environment="prod",
        requested_by="mei",
        run_id="run-2",
        rollback_target_id=old.id,
    )
    new = ledger.deployments.move(new.id, S.CHANGING, reason="test", actor="mei")
    service = SimpleNamespace(name="web", port=80, stop_grace_seconds=1, ready_path="/")
    edge, domains, memory = MemoryEdge(), ("cloudlens.localhost",), MemoryEngine(Moments())
    config = SimpleNamespace(
        https=False,
        keep_warm=keep_warm,
        drain_seconds=0,
        domains=domains,
        hosts=domains,
        domains_of={},
        shares_names_with=(),
        callings=(),
    )
    stack = SimpleNamespace(
        name="cloudlens", services=(service,), routes=(), environments={"prod": config}
    )
    env = cast(
        OpenEnvironment,
        SimpleNamespace(
            stack=stack,
            name="prod",
            ready_path="/",
            alone=frozenset(),
            routed=[Routed("/", cast(Service, service), 80, "/", None, sticky=False)],
            ledger=ledger,
            host=engine,
            compose=engine,
            edge=edge,
            forwarders=MemoryForwarders(memory),
            images=MemoryImages(memory, MemoryShelf()),
            redactor=Redactor({}),
            config=config,
        ),
    )
    lock = ledger.locks.acquire("cloudlens", "prod", new.key, ttl_seconds=60)
    work = Work(env=env, deployment=new, version=Version("v2", COMMIT), pins={}, lock=lock)
    edge.apply(
        Route(
            "cloudlens",
            "prod",
            ("cloudlens.localhost",),
            (target(env, new),),
            None,
            None,
            lock.fence,
            "/",
            False,
        )
    )
    ledger.journal.begin(new.id, "plan", {}, fence=lock.fence)
    ledger.journal.done(work.key("plan"), asdict(Planned("none", way_back, ())))
    return work


SLOTS = [f"cloudlens-prod-{number}" for number in range(4)]  # 0 is from before #1, 3 from nowhere


def test_the_old_slot_runs_on_and_the_one_before_it_makes_room(ledger: Ledger) -> None:
    engine = Engine(*SLOTS[:3])
    assert stop_old_slot.fn(opened(ledger, engine))["warm"] == SLOTS[1]
    assert engine.slots == {SLOTS[1]: "running", SLOTS[2]: "running"}


@pytest.mark.parametrize(
    ("keep_warm", "way_back"),
    [(False, "image only"), (True, "image + downgrade"), (True, "stop and ask")],
)
def test_it_is_stopped_where_nobody_asked_for_it_or_the_schema_is_not_its_own(
    ledger: Ledger, keep_warm: bool, way_back: WayBack
) -> None:
    engine = Engine(*SLOTS[1:3])
    assert (
        stop_old_slot.fn(opened(ledger, engine, keep_warm=keep_warm, way_back=way_back))["stopped"]
        == SLOTS[1]
    )
    assert engine.running == {SLOTS[2]}


@pytest.mark.parametrize("keep_warm", [True, False])
def test_a_way_back_past_the_warm_slot_leaves_only_what_serves(
    ledger: Ledger, keep_warm: bool
) -> None:
    """Also where the version that serves again knows nothing of `keep_warm`."""
    engine = Engine(*SLOTS)
    stop_slot_left.fn(opened(ledger, engine, keep_warm=keep_warm))
    assert engine.running == {SLOTS[2]}


def test_nobody_writes_while_data_are_put_back(ledger: Ledger) -> None:
    engine = Engine(*SLOTS)
    close_doors.fn(opened(ledger, engine))
    assert engine.running == set()


@pytest.mark.parametrize(
    ("keep_warm", "running", "slots"),
    [(False, SLOTS[:1], 1), (True, SLOTS[:1], 2), (True, [], 2), (True, SLOTS[:2], 1)],
)
def test_a_plan_counts_the_memory_of_the_slot_that_stays(
    ledger: Ledger, keep_warm: bool, running: list[str], slots: int
) -> None:
    """Once for the new slot, and once for the next release, until the warm one takes its memory
    already."""
    work = opened(ledger, Engine(*running), keep_warm=keep_warm)
    assert slots_to_come(work.env) == slots
