"""Several doors at a real Traefik: who answers which name and path, and what happens when one
service of a version is ill."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from prefect.logging import disable_run_logger

from cli import status
from tasks.slots.smoke import smoke_slot
from tests.attacks.edge_process import *  # noqa: F403
from tests.attacks.edge_process import EdgeProcess
from tests.integration.visited_apps import DOMAIN, App, Shop, running, shop
from tidegate.edge.facts import Door, Route, Served, Target
from tidegate.edge.headers import DEPLOYMENT_HEADER
from tidegate.edge.routes import service_name
from tidegate.errors import UnhealthyError

WILD, NORTH = "*.tenants.example.test", "north.tenants.example.test"


@dataclass
class Version:
    """A page, its API, and a third service at a name of its own which a wildcard covers too."""

    target: Target
    apps: tuple[App, App, App]


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


@contextmanager
def version(number: int, api: App) -> Iterator[Version]:
    with ExitStack() as made:
        web, other = (made.enter_context(running(App())) for _ in range(2))
        made.enter_context(running(api))
        own = (DOMAIN, WILD)
        doors = (
            Door(own, "/", web.url, "/ready"),
            Door(own, "/api", api.url, "/ready"),
            Door((NORTH,), "/", other.url, "/ready"),
        )
        yield Version(Target(number, web.url, doors=doors), (web, api, other))


def with_doors(route: Route) -> Route:
    return replace(route, domains=(DOMAIN, WILD, NORTH))


def ask(edge: EdgeProcess, host: str, path: str) -> str | None:
    answer = httpx.get(
        f"{edge.block.public_url}{path}", headers={"Host": host}, timeout=10, trust_env=False
    )
    said: str | None = answer.headers.get(DEPLOYMENT_HEADER)
    return said


def stop(app: App) -> None:
    app.shutdown()
    app.server_close()


@pytest.fixture
def found(tmp_path: Path, edge: EdgeProcess) -> Iterator[Shop]:
    with shop(tmp_path, edge.block) as made:
        yield made


def test_the_longest_path_of_the_nearest_name_answers(edge: EdgeProcess, found: Shop) -> None:
    with version(1, App()) as one:
        edge.block.apply(with_doors(found.route(one.target)))
        for host, path, place in (
            (DOMAIN, "/", 0),
            (DOMAIN, "/apidocs", 0),
            (DOMAIN, "/api", 1),
            (DOMAIN, "/api/a?b=/", 1),
            ("south.tenants.example.test", "/api/x", 1),
            (NORTH, "/api", 2),
            (NORTH.upper(), "/", 2),
        ):
            before = [len(app.seen) for app in one.apps]
            assert ask(edge, host, path) == "shop/prod/1"
            assert [len(app.seen) - was for app, was in zip(one.apps, before, strict=True)].index(
                1
            ) == place, (host, path)
        for host in ("tenants.example.test", "a.north.tenants.example.test"):
            assert ask(edge, host, "/") is None


def test_the_counters_of_a_deployment_are_those_of_all_its_doors(
    edge: EdgeProcess, found: Shop
) -> None:
    with version(1, App()) as one:
        edge.block.apply(with_doors(found.route(one.target)))

        def counted() -> float:
            sample = found.env.visitors.counters(service_name("shop", "prod", 1))
            return sum(
                count for (kind, _), count in sample.counters.items() if kind == "requests_total"
            )

        before = counted()
        for path in ("/", "/api", "/api/x"):
            ask(edge, DOMAIN, path)
        assert counted() - before == 3


def test_nobody_is_sent_to_a_version_of_which_one_service_is_not_ready(
    edge: EdgeProcess, found: Shop
) -> None:
    with version(1, App()) as old, version(2, App(503)) as new:
        edge.block.apply(with_doors(found.route(old.target, candidate=new.target)))
        with pytest.raises(
            UnhealthyError, match=f"/ready, asked as a visitor of {DOMAIN}: it answers 503"
        ):
            smoke_slot.fn(found.new)
        assert edge.block.serving(DOMAIN, "/") == Served("shop", "prod", 1)


def test_a_smoke_check_goes_through_the_doors_of_its_slot(edge: EdgeProcess, found: Shop) -> None:
    with version(1, App()) as old, version(2, App()) as new:
        edge.block.apply(with_doors(found.route(old.target, candidate=new.target)))
        asked = {"Host": DOMAIN, "X-Tidegate-Slot": "shop/prod/2"}
        assert httpx.get(
            f"{edge.block.check_url}/api/bills", headers=asked, trust_env=False
        ).is_success
        assert [one["path"] for one in new.apps[1].seen if "bills" in one["path"]] == ["/api/bills"]
        assert (
            httpx.get(
                f"{edge.block.check_url}/ready",
                headers=asked | {"X-Tidegate-Slot": "shop/prod/2/1"},
                trust_env=False,
            ).headers[DEPLOYMENT_HEADER]
            == "shop/prod/2"
        )


def test_the_old_service_stands_for_a_new_one_that_died_at_its_door_alone_and_status_names_a_dead_door(
    edge: EdgeProcess, found: Shop
) -> None:
    with version(1, App()) as old, version(2, App()) as new:
        edge.block.apply(with_doors(found.route(old.target)))
        edge.block.apply(with_doors(found.route(new.target, standby=old.target)))
        assert (ask(edge, DOMAIN, "/"), ask(edge, DOMAIN, "/api")) == ("shop/prod/2", "shop/prod/2")
        stop(new.apps[1])
        end = time.monotonic() + 20
        while ask(edge, DOMAIN, "/api") != "shop/prod/1":
            assert time.monotonic() < end
            time.sleep(0.05)
        assert ask(edge, DOMAIN, "/") == "shop/prod/2"
        [row] = status.rows(found.env.settings, "shop")
        assert row["edge"] == "shop/prod/1"
        assert row["answers"] == 200
        edge.block.apply(with_doors(found.route(old.target)))
        stop(old.apps[1])
        [row] = status.rows(found.env.settings, "shop")
        assert row["trouble"].startswith(f"people get 502 at {DOMAIN}/api")
