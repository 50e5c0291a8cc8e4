"""By which host name and path visitors come, whatever the edge's route has taken or lost since."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.frame.visited import served_doors, told_of, visited_door, visited_name, visited_names
from tidegate.edge.facts import Door, DoorPlace, Route, Target
from tidegate.errors import EdgeError


def door(host: str, path: str) -> Door:
    return Door((host,), path, "http://shop-prod-7-web:8000", "/ready")


def slot(number: int, *doors: Door) -> Target:
    return Target(number, f"http://shop-prod-{number}-web:8000", doors=doors)


ROUTE = Route(
    stack="shop",
    environment="prod",
    domains=("shop.test",),
    targets=(slot(7),),
    standby=None,
    candidate=None,
    fence=1,
    ready_path="/ready",
    https=False,
)


def environment(route: Route | EdgeError | None, *, main: str = "/") -> Any:
    def asked(stack: str, name: str) -> Route | None:
        if isinstance(route, EdgeError):
            raise route
        return route

    domains_of = {"admin": ("admin.test",)}
    return SimpleNamespace(
        stack=SimpleNamespace(name="shop"),
        name="prod",
        edge=SimpleNamespace(route=asked),
        config=SimpleNamespace(
            domains=("*.tenants.test", "shop.test", "www.test"), domains_of=domains_of
        ),
        routed=[SimpleNamespace(path=main)],
    )


def with_domains(*domains: str) -> Route:
    return replace(ROUTE, domains=domains)


BROKEN = EdgeError("reading the route", "it is broken", "Write it anew")


@pytest.mark.parametrize(
    ("route", "name"),
    [
        (None, "shop.test"),
        (BROKEN, "shop.test"),
        (with_domains("shop.test", "www.test"), "shop.test"),
        (with_domains("www.test", "shop.test"), "www.test"),
        (with_domains("www.test"), "www.test"),
        (with_domains("old.test", "www.test"), "www.test"),
        (with_domains("old.test"), "old.test"),
        (with_domains("*.tenants.test"), "shop.test"),
        (with_domains(), "shop.test"),
    ],
)
def test_the_first_name_that_the_route_has_counts_and_else_the_first_of_the_stack_file(
    route: Any, name: str
) -> None:
    """A wildcard is no name by which people come."""
    assert visited_name(environment(route)) == name


@pytest.mark.parametrize(
    ("route", "name"), [(None, "admin.test"), (with_domains("old.test"), "admin.test")]
)
def test_of_further_names_only_their_own_count(route: Any, name: str) -> None:
    """Another name that is there has the main route's pages."""
    assert visited_name(environment(route), "admin") == name
    assert visited_names(environment(route)) == {"admin": name}


@pytest.mark.parametrize(
    ("doors", "path"),
    [
        ((), "/shop"),
        ((door("shop.test", "/shop"), door("shop.test", "/blog")), "/shop"),
        ((door("shop.test", "/blog"), door("shop.test", "/shop")), "/shop"),
        ((door("shop.test", "/blog"), door("shop.test", "/live")), "/blog"),
        ((door("admin.test", "/blog"),), "/shop"),
    ],
)
def test_who_serves_is_seen_at_the_main_path_or_else_where_it_has_a_door(
    doors: tuple[Door, ...], path: str
) -> None:
    route = replace(ROUTE, targets=(slot(7, *doors),))
    assert visited_door(environment(route, main="/shop")) == DoorPlace("shop.test", path)
    closed = replace(ROUTE, targets=())
    assert visited_door(environment(closed, main="/shop")).path == "/shop"


def test_the_doors_are_those_of_the_deployment_that_is_meant() -> None:
    seven, six, eight = door("shop.test", "/7"), door("shop.test", "/6"), door("shop.test", "/8")
    route = replace(
        ROUTE, targets=(slot(7, seven),), standby=slot(6, six), candidate=slot(8, eight)
    )
    env = environment(route)
    found = {number: served_doors(env, number) for number in (6, 7, 8, 9)}
    assert found == {6: (six,), 7: (seven,), 8: (eight,), 9: ()}
    assert served_doors(environment(None), 7) == ()


def test_what_the_edge_was_told_of_a_slot_counts_and_else_what_it_would_be_told() -> None:
    route = replace(ROUTE, candidate=slot(8, door("shop.test", "/8")))
    meant = slot(8)
    work: Any = SimpleNamespace(
        env=environment(route), deployment=SimpleNamespace(number=8), target=lambda: meant
    )
    assert told_of(work) == route.candidate
    work.deployment.number = 9
    assert told_of(work) is meant
    work.env = environment(None)
    assert told_of(work) is meant
