"""What a release needs is looked at before anything changes: all that is missing is said at once,
each with what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flows.release import release
from tasks.frame.adapters import MissingNotifier
from tests.flows.asking import asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import serving
from tests.flows.stories import TWO, Story
from tests.world.engine import GIB, MemoryMeasures
from tests.world.world import World
from tidegate.errors import ConfigError, EngineError, RegistryError, TidegateError
from tidegate.facts import HostFacts
from tidegate.ports import Ports
from tidegate.stack.file import Stack

Host = Callable[..., None]


@pytest.fixture
def made(library: Library) -> Installation:
    return library.begin(Story("a release that is looked at", release, {}))


def refused(made: Installation) -> str:
    """What the run says; nothing was changed and nobody was opened a deployment."""
    began, there = serving(made), dict(made.world.engine.containers_by_name)
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_failed()
    assert serving(made) == began
    assert made.world.engine.containers_by_name == there
    assert len(made.ledger.deployments.history("shop", "prod")) == began["prod"]
    return str(state.message)


def planned(made: Installation) -> str:
    run = made.prefect.start(release, **asked("v1.1.0", plan_only=True))
    assert run.state.is_completed(), run.state.message
    return run.pages["shop-prod-plan"]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host that has less of something."""
    facts = MemoryMeasures.facts

    def has(**less: int) -> None:
        def seen(measures: MemoryMeasures) -> HostFacts:
            return replace(facts(measures), **less)  # type: ignore[arg-type]

        monkeypatch.setattr(MemoryMeasures, "facts", seen)

    return has


def limit_memory(made: Installation, size: int) -> None:
    """Of each released service."""
    said = {"deploy": {"resources": {"limits": {"memory": str(size)}}}}
    made.world.edited.update({name: said for name in ("web", "worker", "beat")})


@pytest.mark.parametrize(
    ("disk", "is_enough"), [(2 * GIB, True), (2 * GIB - 1, False)], ids=["enough", "a byte less"]
)
def test_a_small_disk_needs_two_gib_free(
    made: Installation, host: Host, disk: int, is_enough: bool
) -> None:
    host(disk_free=disk, disk_total=40 * GIB)
    if is_enough:
        assert "disk" in planned(made)
    else:
        assert "disk: 2.0 GiB free, 2.0 GiB needed" in refused(made)


def test_a_large_disk_needs_a_twentieth_of_it_free(made: Installation, host: Host) -> None:
    host(disk_free=4 * GIB, disk_total=100 * GIB)
    said = refused(made)
    assert "measuring the host 'local'" in said
    assert "disk: 4.0 GiB free, 5.0 GiB needed" in said
    assert "memory" not in said
    host(disk_free=5 * GIB, disk_total=100 * GIB)
    assert planned(made)


def test_the_new_slot_needs_the_memory_of_its_limits_and_a_little_more(
    made: Installation, host: Host
) -> None:
    """The scheduler takes the place of the old one, and needs none beside it."""
    limit_memory(made, GIB)
    host(memory_free=2 * GIB)
    assert "memory: 2.0 GiB free, 2.2 GiB needed" in refused(made)
    host(memory_free=2 * GIB + (256 << 20))
    assert planned(made)


@pytest.mark.parametrize(("before", "needed"), [(("v1.0.0",), "4.2"), (TWO, "2.2")])
def test_where_old_slots_stay_warm_there_must_be_room_for_one_more(
    library: Library, host: Host, before: tuple[str, ...], needed: str
) -> None:
    """Unless one is warm already: it has its memory."""

    def prepare(made: Installation) -> None:
        file = made.home.parent / "stacks" / "shop" / "stack.yaml"
        file.write_text(
            file.read_text().replace("drain_seconds: 0", "drain_seconds: 0, keep_warm: true")
        )
        for version in before:
            assert made.prefect.start(release, **asked(version)).state.is_completed()

    made = library.begin(Story("a warm slot", release, {}, before=(), prepare=prepare))
    limit_memory(made, GIB)
    host(memory_free=GIB)
    assert f"memory: 1.0 GiB free, {needed} GiB needed" in refused(made)


def with_ports(made: Installation, monkeypatch: pytest.MonkeyPatch, **other: Any) -> None:
    ports = World.ports

    def changed(world: World, stack: Stack, environment: str) -> Ports:
        return replace(ports(world, stack, environment), **other)

    monkeypatch.setattr(World, "ports", changed)


class Registry:
    url = "https://registry.test"

    def __init__(self, fault: TidegateError | None = None) -> None:
        self.fault = fault

    def check(self) -> None:
        if self.fault:
            raise self.fault


MISSING = MissingNotifier(ConfigError("loading the notifier 'team'", "it is gone", "Create one"))
AWAY = RegistryError("asking the registry", "no answer", "Start it", retryable=True)


def test_a_messenger_whose_block_is_gone_stops_a_release(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ports(made, monkeypatch, notifiers={"team": MISSING})
    assert "loading the notifier 'team': it is gone. Create one" in refused(made)


def test_all_that_is_missing_is_said_at_once(
    made: Installation, monkeypatch: pytest.MonkeyPatch, host: Host
) -> None:
    with_ports(made, monkeypatch, notifiers={"team": MISSING}, registry=Registry(AWAY))
    host(disk_free=0)
    said = refused(made)
    assert "checking shop prod before the release" in said
    assert [
        one
        for one in ("disk: 0.0 GiB", "asking the registry: no answer", "'team': it is")
        if one not in said
    ] == []
    assert said.endswith("Free some, or use a larger host. Start it. Create one")


def test_an_engine_that_does_not_answer_is_the_only_thing_that_is_said(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ports(made, monkeypatch, notifiers={"team": MISSING})
    moments = made.world.moments
    moments.fails = lambda number, name: (
        EngineError("asking the engine", "no answer", "Start Docker")
        if name == "measures.facts"
        else None
    )
    assert refused(made) == "asking the engine: no answer. Start Docker"


def test_what_was_found_good_stands_on_the_plan(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ports(made, monkeypatch, registry=Registry())
    page = planned(made)
    wanted = (
        "Docker memory, linux/amd64",
        "100.0 GiB free, 5.0 GiB needed",
        "16.0 GiB free, 0.2 GiB needed",
        "registry.test answers",
        "shop.test → shop/prod/1",
        "from the commit alone, no secret in them",
    )
    assert [one for one in wanted if one not in page] == []


def test_https_without_a_front_that_is_believed_is_refused(made: Installation) -> None:
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace("drain_seconds: 0", "drain_seconds: 0, https: true"))
    assert "Set TIDEGATE_TRUSTED_FRONTS" in refused(made)


def test_a_port_that_another_program_has_keeps_a_first_release_from_starting(
    library: Library,
) -> None:
    made = library.begin(Story("a first release", release, {}, before=()))
    ports = [{"published": "3306", "host_ip": "127.0.0.1"}]
    made.world.edited["db"] = {"ports": ports}
    made.world.engine.taken_ports.add(3306)
    state = made.prefect.start(release, **asked("v1.0.0")).state
    assert "a program outside Docker has it" in str(state.message)
    made.world.engine.taken_ports.clear()
    run = made.prefect.start(release, **asked("v1.0.0", plan_only=True))
    assert run.state.is_completed(), run.state.message
    assert "free for db" in run.pages["shop-prod-plan"]
    assert "db will be started" in run.pages["shop-prod-plan"]
