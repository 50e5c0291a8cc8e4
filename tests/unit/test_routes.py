"""P87, P88: what the edge is told can be read back, names one owner per host, and never
collides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.edge.facts import Route, Target
from tidegate.edge.route_files import read_route
from tidegate.edge.routes import service_name, traefik_config
from tidegate.errors import EdgeError

OLD, NEW = (
    Target(41, "http://cloudlens-prod-41-backend:8000"),
    Target(42, "http://cloudlens-prod-42-backend:8000"),
)
SERVING = Route(
    "cloudlens",
    "prod",
    ("cloudlens.localhost", "www.cloudlens.localhost"),
    (NEW,),
    None,
    None,
    7,
    "/ready",
    False,
)
GUARDED = replace(SERVING, standby=OLD)

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
ENVIRONMENTS = st.sampled_from(["dev", "staging", "prod"])


@st.composite
def routes(draw: st.DrawFn) -> Route:
    stack, environment = draw(NAMES), draw(ENVIRONMENTS)
    numbers = iter(draw(st.lists(st.integers(1, 9999), min_size=5, max_size=5, unique=True)))
    targets = tuple(
        Target(next(numbers), "http://slot:80", draw(st.integers(1, 100)))
        for _ in range(draw(st.integers(0, 3)))
    )
    has_standby, has_candidate = draw(st.tuples(st.booleans(), st.booleans()))
    standby = Target(next(numbers), "http://old-slot:8000") if targets and has_standby else None
    candidate = Target(next(numbers), "http://new-slot:8000") if has_candidate else None
    return Route(
        stack,
        environment,
        tuple(draw(st.lists(NAMES.map("{}0.localhost".format), min_size=1, max_size=3))),
        targets,
        standby,
        candidate,
        draw(st.integers(0, 10**12)),
        draw(st.sampled_from(["/ready", "/a?b=%20:'c'&d"])),
        draw(st.booleans()),
    )


def http(route: Route) -> Any:
    return yaml.safe_load(traefik_config(route))["http"]


@given(routes())
def test_a_route_read_back_is_the_route_that_was_written(route: Route) -> None:
    assert read_route(traefik_config(route)) == route


@settings(max_examples=30)
@given(routes(), routes())
def test_no_two_stacks_meet_in_a_name(one: Route, other: Route) -> None:
    if (one.stack, one.environment) == (other.stack, other.environment):
        return
    for part in ("routers", "middlewares", "services"):
        assert not set(http(one)[part]) & set(http(other)[part])


@given(routes())
def test_every_name_that_is_used_is_defined(route: Route) -> None:
    config = http(route)
    for router in config["routers"].values():
        assert router["service"] in config["services"]
        assert set(router.get("middlewares", [])) <= set(config["middlewares"])
    for service in config["services"].values():
        assert set(service.get("middlewares", [])) <= set(config["middlewares"])
        weighted = [part["name"] for part in service.get("weighted", {}).get("services", [])]
        failover = (
            [service["failover"][role] for role in ("service", "fallback")]
            if "failover" in service
            else []
        )
        assert {*weighted, *failover} <= set(config["services"])


def test_the_warm_old_slot_takes_over_when_the_serving_one_is_down() -> None:
    services = http(GUARDED)["services"]
    assert services["cloudlens_prod_public"]["failover"] == {
        "service": "cloudlens_prod_42",
        "fallback": "cloudlens_prod_41",
        "healthCheck": {},
    }
    assert (
        services["cloudlens_prod_42"]["loadBalancer"]["passiveHealthCheck"]["maxFailedAttempts"]
        == 3
    )
    assert services["cloudlens_prod_41"]["loadBalancer"]["healthCheck"]["path"] == "/ready"


def test_what_was_answered_is_asked_again_only_where_another_slot_can_answer() -> None:
    """An application's own 502 and 504 are its answers."""
    alone, guarded = (
        {name: told["retry"] for name, told in http(one)["middlewares"].items() if "retry" in told}
        for one in (SERVING, GUARDED)
    )
    assert ["status" in told for told in alone.values()] == [False]
    assert [told["status"] for told in guarded.values()] == [["502"], ["504"]]


def test_without_a_standby_a_slot_that_is_not_ready_still_gets_its_requests() -> None:
    config = http(SERVING)
    assert config["routers"]["cloudlens_prod_public"]["service"] == "cloudlens_prod_42"
    assert config["services"]["cloudlens_prod_42"]["loadBalancer"] == {
        "passHostHeader": True,
        "servers": [{"url": NEW.url}],
    }


def test_every_slot_has_an_address_of_its_own_on_the_check_entry_point_only() -> None:
    routers = http(replace(GUARDED, candidate=Target(43, "http://x:1")))["routers"]
    assert routers.pop("cloudlens_prod_public")["entryPoints"] == ["web"]
    assert {router["rule"] for router in routers.values()} == {
        f"Header(`X-Tidegate-Slot`, `cloudlens/prod/{number}`)" for number in (41, 42, 43)
    }
    assert {tuple(router["entryPoints"]) for router in routers.values()} == {("check",)}


def test_a_candidate_gets_nothing_from_the_public() -> None:
    config = http(replace(SERVING, candidate=Target(43, "http://x:1")))
    assert (
        config["routers"]["cloudlens_prod_public"]
        == http(SERVING)["routers"]["cloudlens_prod_public"]
    )


def test_before_the_first_switch_the_domain_answers_that_nothing_serves_yet() -> None:
    config = http(replace(SERVING, targets=(), candidate=NEW))
    public = config["routers"]["cloudlens_prod_public"]
    assert config["services"][public["service"]] == {"loadBalancer": {"servers": []}}
    [closed] = public["middlewares"]
    told = config["middlewares"][closed]["headers"]["customResponseHeaders"]
    assert told["Retry-After"] == "30"
    assert closed not in http(SERVING)["middlewares"]


def test_a_person_who_opens_the_file_sees_whose_it_is() -> None:
    assert traefik_config(GUARDED).splitlines()[:6] == [
        "# written by Tidegate; do not edit: the next switch overwrites it",
        "# stack: cloudlens",
        "# environment: prod",
        "# deployment: 42",
        "# fence: 7",
        '# ready path: "/ready"',
    ]


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        (replace(SERVING, candidate=NEW), "two parts"),
        (replace(SERVING, standby=NEW), "two parts"),
        (replace(SERVING, domains=()), "no domain"),
        (replace(GUARDED, targets=()), "without a serving target"),
        (replace(SERVING, targets=(replace(NEW, url="tcp://x"),)), "is no address"),
        (replace(SERVING, candidate=replace(OLD, weight=5)), "serves no one"),
    ],
)
def test_a_route_that_contradicts_itself_is_not_written(route: Route, fault: str) -> None:
    with pytest.raises(EdgeError, match=fault):
        traefik_config(route)


@pytest.mark.parametrize(
    "text", ["", "http: {}", "a: [", "# stack: a\n# environment: prod\nhttp: {routers: {}}"]
)
def test_a_file_of_somebody_else_is_refused(text: str) -> None:
    with pytest.raises(EdgeError, match="not as Tidegate wrote it"):
        read_route(text)


def test_a_slot_is_named_the_same_in_the_figures_as_in_the_route() -> None:
    assert service_name("cloudlens", "prod", 42) in http(GUARDED)["services"]
