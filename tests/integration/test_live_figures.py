"""What the release's watch and `watch/all` see of a version, at a real edge with real backends and
a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from docker.models.containers import Container
from prefect.logging import disable_run_logger

from blocks.docker.host import DockerHost
from blocks.edges.traefik.container import EdgeAddresses
from blocks.edges.traefik.edge import TraefikEdge
from blocks.probes.visitors import EdgeVisitors
from blocks.probes.witness import TrafficWitness
from tasks.back.incidents import decide_about
from tasks.frame.adapters import ports_at
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import work_of
from tasks.frame.work import Work
from tasks.traffic.live import Sighting, SlidingWindow, look_at
from tasks.traffic.samples import (
    Memory,
    Taken,
    alone_with_memory,
    keep,
    recall,
    recent_figures,
    take,
)
from tests.integration.edge_fixtures import *  # noqa: F403
from tests.integration.edge_fixtures import DOMAIN, StartBackend, route, target
from tidegate.ledger import Deployment, Ledger
from tidegate.ledger.schema import upgrade
from tidegate.policy.incidents import Signal
from tidegate.policy.states import DeploymentState as S
from tidegate.policy.thresholds import LiveFigures
from tidegate.secrecy.redaction import Redactor
from tidegate.settings import Settings
from tidegate.stack.file import load_stack

STACK = f"""
name: shop
title: Shop
source: {{repository: .}}
services: [{{name: web, image: acme/shop, port: 8000, ready_path: /ready}}]
smoke: [{{name: home, path: /, json_fields: {{path: /}}, most_seconds: 1}}]
environments:
  prod: {{kind: production, compose_files: [compose.yaml], env_file: .env, domains: [{DOMAIN}], image_alias: latest}}
"""
ERRORS_IN_FIVE = ["/", "/", "/", "/", "/error"]


@pytest.fixture
def env(
    tmp_path: Path, edge_host: DockerHost, running_edge: tuple[EdgeAddresses, Path]
) -> Iterator[OpenEnvironment]:
    """The shop's production: an edge that routes, an empty ledger."""
    addresses, folder = running_edge
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "stack.yaml").write_text(STACK)
    stack, settings, redactor = (
        load_stack(tmp_path / "shop"),
        Settings(home=tmp_path, stacks=tmp_path),
        Redactor({}),
    )
    edge = TraefikEdge(
        config_directory=folder, public_url=addresses.public_url, check_url=addresses.check_url
    )
    upgrade(settings.database_url)
    ledger = Ledger(settings.database_url)
    with disable_run_logger():
        yield OpenEnvironment(
            **vars(ports_at(settings, stack, "prod", edge_host, edge)),
            settings=settings,
            stack=stack,
            name="prod",
            config=stack.environments["prod"],
            ledger=ledger,
            values={},
            redactor=redactor,
            read={"services": {}},
        )
    ledger.close()
    edge.remove("shop", "prod")


@pytest.fixture
def serving(env: OpenEnvironment, start_backend: StartBackend) -> tuple[Deployment, Container]:
    """The second deployment serves, with the first one behind it."""
    first, second = deployed(env, "v1"), deployed(env, "v2")
    old, new = start_backend(first.number), start_backend(second.number)
    env.edge.apply(route(target(2, new), standby=target(1, old), fence=1))
    return second, new


def deployed(env: OpenEnvironment, version: str) -> Deployment:
    release = env.ledger.releases.record(
        stack="shop",
        version=version,
        commit=f"{version.encode().hex():0<40}",
        images={"web": f"sha256:{version}"},
        config_hash="c",
    )
    made = env.ledger.deployments.open(
        key=f"release/{version}",
        release_id=release.id,
        environment="prod",
        requested_by="mei",
        run_id=version,
    )
    for state in (S.CHANGING, S.WATCHING, S.GOOD):
        made = env.ledger.deployments.move(made.id, state, reason="test", actor="mei")
    return made


def ask(env: OpenEnvironment, paths: list[str]) -> None:
    for path in paths:
        httpx.get(env.edge.public_url + path, headers={"Host": DOMAIN}, trust_env=False)


def seen(env: OpenEnvironment) -> Sighting:
    sighting = look_at.fn(env)
    assert sighting is not None
    return sighting


def minutes_ago(env: OpenEnvironment, number: int, minutes: float) -> None:
    """As if `watch/all` had looked then for the first time, and had seen what is true now."""
    taken = take(env, number, datetime.now(UTC))
    keep(env, Memory(number, (Taken(taken.at - 60 * minutes, taken.sample),)))


def window(
    work: Work, witness: TrafficWitness, baseline: LiveFigures | None = None
) -> SlidingWindow:
    made = SlidingWindow(work, witness, baseline)
    assert made.judge().outcome == "no_data"
    return made


@pytest.fixture
def witness(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> Iterator[TrafficWitness]:
    with TrafficWitness(env.edge.public_url, DOMAIN, "/ready", rate_per_second=100) as witness:
        yield witness


def test_a_version_that_answers_a_fifth_with_5xx_is_worse_though_a_standby_is_behind_it(
    env: OpenEnvironment, serving: tuple[Deployment, Container], witness: TrafficWitness
) -> None:
    watched = window(work_of(env, serving[0]), witness)
    ask(env, ERRORS_IN_FIVE * 10)
    verdict = watched.judge()
    assert verdict.outcome == "worse"
    assert "of the answers are 5xx (limit 5.0%, before the release unknown)" in verdict.reasons[0]


def test_a_second_look_while_one_goes_on_leaves_its_memory_alone(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> None:
    number = serving[0].number
    seen(env)
    before = recall(env, number)
    with alone_with_memory(env) as alone:
        assert alone
        assert look_at.fn(env) is None
        assert recall(env, number) == before
    seen(env)
    assert len(recall(env, number).samples) == len(before.samples) + 1


def test_the_witness_own_requests_do_not_dilute_the_errors(
    env: OpenEnvironment, serving: tuple[Deployment, Container], witness: TrafficWitness
) -> None:
    watched = window(work_of(env, serving[0]), witness)
    before = witness.figures().total
    while witness.figures().total < before + 200:
        continue
    ask(env, ERRORS_IN_FIVE * 6)
    watched.judge()
    assert watched.figures().errors == 6
    assert (
        watched.figures().requests < 30 + 100
    )  # half the witness's: some of them are between its two counters


def test_what_was_as_bad_before_the_release_is_not_put_back(
    env: OpenEnvironment, serving: tuple[Deployment, Container], witness: TrafficWitness
) -> None:
    watched = window(work_of(env, serving[0]), witness, LiveFigures(1000, 190, 0.1))
    ask(env, ERRORS_IN_FIVE * 10)
    assert watched.judge().outcome == "ok"


def test_counters_that_cannot_be_read_say_nothing(
    env: OpenEnvironment, serving: tuple[Deployment, Container], witness: TrafficWitness
) -> None:
    watched = window(work_of(env, serving[0]), witness)
    blind = replace(env, visitors=EdgeVisitors(env.edge.public_url, "http://127.0.0.1:1"))
    watched.work = work_of(blind, serving[0])
    verdict = watched.judge()
    assert (verdict.outcome, verdict.reasons) == ("no_data", ("ConnectError",))


def test_an_edge_that_takes_no_connection_is_red_but_no_fault_of_the_version(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> None:
    away = replace(env, visitors=EdgeVisitors("http://127.0.0.1:1", "http://127.0.0.1:1"))
    looks = [seen(away).look for _ in range(2)]
    assert [look.outcome for look in looks] == ["unsure", "worse"]
    assert looks[1].reason == "nobody gets in: http://127.0.0.1:1 takes no connection"
    signal = Signal("shop", "prod", "fire", "red", datetime.now(UTC), looks[1].reason, "watch/all")
    incident, _ = env.ledger.incidents.open(
        stack="shop", environment="prod", signal="fire", severity="red", deployment_id=serving[0].id
    )
    assert decide_about.fn(away, signal, incident).action == "tell"
    assert seen(env).look.outcome == "ok"


def test_five_minutes_of_errors_are_red_and_keep_the_time_when_they_were_first_seen(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> None:
    minutes_ago(env, 2, 5)
    ask(env, ERRORS_IN_FIVE * 6)
    first, again = seen(env), seen(env)
    assert (first.look.outcome, first.look.severity, first.deployment.number) == ("worse", "red", 2)
    assert again.since == first.since


def test_errors_since_a_minute_are_not_yet_five_minutes_of_errors(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> None:
    minutes_ago(env, 2, 1)
    ask(env, ERRORS_IN_FIVE * 6)
    assert seen(env).look.outcome == "ok"


def test_checks_that_fail_in_two_looks_are_red_and_a_good_look_forgets_them(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> None:
    _, new = serving
    env.edge.apply(route(target(2, new), fence=2))
    new.pause()
    assert [seen(env).look.outcome for _ in range(2)] == ["unsure", "worse"]
    assert recall(env, 2).failed_in_a_row == 2
    new.unpause()
    assert seen(env).look.outcome == "ok"
    assert recall(env, 2).failed_in_a_row == 0
    assert recall(env, 2).worse_since == {}


def test_nothing_is_remembered_about_another_deployment(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> None:
    seen(env)
    assert recall(env, 2).samples
    assert recall(env, 3) == Memory(3)


def test_without_a_memory_the_figures_are_those_of_the_slots_whole_life(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> None:
    before = recent_figures(env, serving[0], datetime.now(UTC))
    ask(env, ERRORS_IN_FIVE)
    after = recent_figures(env, serving[0], datetime.now(UTC))
    assert (after.requests - before.requests, after.errors - before.errors) == (5, 1)


def test_a_look_that_came_a_moment_ago_hides_nothing_of_a_new_version(
    env: OpenEnvironment, serving: tuple[Deployment, Container]
) -> None:
    """An alert, and the first look at the version a moment before it: there would be too little to
    judge."""
    now, before = serving[0], recent_figures(env, serving[0], datetime.now(UTC))
    ask(env, ERRORS_IN_FIVE)
    minutes_ago(env, now.number, 0)
    after = recent_figures(env, now, datetime.now(UTC))
    assert (after.requests - before.requests, after.errors - before.errors) == (5, 1)
    now.switched_at = datetime.now(UTC) - timedelta(hours=1)
    assert recent_figures(env, now, datetime.now(UTC)).requests == 0


def test_where_nothing_serves_there_is_nothing_to_see(env: OpenEnvironment) -> None:
    assert look_at.fn(env) is None
