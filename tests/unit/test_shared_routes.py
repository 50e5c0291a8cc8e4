"""A route at a host name where other stacks have paths too: what is written for Traefik, and which
door is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from tidegate.edge.doors import claims_of_route
from tidegate.edge.facts import Door, DoorPlace, Route, Sharing, Target
from tidegate.edge.probing import Question
from tidegate.edge.route_files import read_route
from tidegate.edge.routes import traefik_config
from tidegate.edge.routing import (
    beside,
    open_places,
    opened,
    question_at,
    questions,
    route_to,
    within,
)
from tidegate.errors import EdgeError

HOST = "shop.example"


def slot(number: int, stack_name: str, *paths: str) -> Target:
    url = f"http://{stack_name}-prod-{number}-web:80"
    doors = tuple(Door((HOST,), path, url, f"{path.rstrip('/')}/ready") for path in paths)
    return Target(number, url, doors=doors)


def route(name: str, partner: str, *paths: str, **parts: Any) -> Route:
    places = tuple(DoorPlace(HOST, path) for path in paths)
    made = Route(
        name,
        "prod",
        (HOST,),
        (slot(1, name, *paths),),
        None,
        None,
        7,
        "/ready",
        https=False,
        sharing=Sharing((partner,), places),
    )
    return replace(made, **parts)


SHOP, BLOG = route("shop", "blog", "/"), route("blog", "shop", "/blog", "/news")
OFFERED = replace(
    BLOG,
    targets=(),
    candidate=slot(2, "blog", "/blog"),
    sharing=replace(BLOG.sharing or Sharing((), ()), begun=False),
)


@pytest.mark.parametrize(
    "written",
    [
        SHOP,
        BLOG,
        OFFERED,
        replace(BLOG, targets=()),
        replace(BLOG, standby=slot(2, "blog", "/blog", "/news")),
        replace(BLOG, candidate=slot(2, "blog", "/blog")),
    ],
)
def test_a_route_read_back_is_the_route_that_was_written(written: Route) -> None:
    assert read_route(traefik_config(written)) == written
    assert claims_of_route(read_route(traefik_config(written))) == claims_of_route(written)


def public(route: Route) -> dict[str, int]:
    """Rule -> priority, of the routers for everybody."""
    routers = yaml.safe_load(traefik_config(route))["http"]["routers"].values()
    return {one["rule"]: one["priority"] for one in routers if one["entryPoints"] == ["web"]}


def test_the_longest_path_goes_first_in_whichever_file_it_is() -> None:
    order = sorted({**public(SHOP), **public(BLOG)}.items(), key=lambda one: -one[1])
    assert [rule.rpartition("PathPrefix")[2] or rule for rule, _ in order] == [
        "(`/blog/`))",
        "(`/news/`))",
        f"Host(`{HOST}`)",
    ]


def test_one_that_serves_nobody_is_closed_at_its_own_paths_alone() -> None:
    closed = replace(BLOG, targets=())
    assert public(closed).keys() == public(BLOG).keys()
    assert public(OFFERED) == {}


def test_a_request_goes_to_the_route_with_the_longest_path() -> None:
    for path, wanted in (
        ("/", SHOP),
        ("/blog/a", BLOG),
        ("/news?page=2", BLOG),
        ("/newsroom", SHOP),
    ):
        assert route_to([SHOP, BLOG], HOST, path) is wanted
        assert route_to([BLOG, SHOP], HOST.upper(), path) is wanted
    assert route_to([BLOG], HOST, "/") is None
    assert open_places(OFFERED) == []


def test_a_ready_path_that_leads_through_a_door_of_another_stack_is_not_asked() -> None:
    """Who takes `/ready` below the shop stops no release of the shop."""
    ready = route("blog", "shop", "/ready")
    assert questions(SHOP) == [Question(HOST, "/ready", is_ready_path=True)]
    assert questions(SHOP, beside(SHOP, [SHOP, ready])) == [
        Question(HOST, "/", is_ready_path=False)
    ]


def test_who_serves_nobody_is_asked_at_a_path_of_its_own() -> None:
    closed = replace(BLOG, targets=())
    assert questions(closed) == [Question(HOST, "/blog", is_ready_path=False)]
    assert question_at(closed, HOST, "/news") == Question(HOST, "/news", is_ready_path=False)
    assert question_at(BLOG, HOST, "/news/1") == Question(HOST, "/news/ready", is_ready_path=True)


def test_what_had_all_paths_has_one_door_at_a_name_that_is_shared_and_keeps_it_within() -> None:
    old = Target(1, "http://shop-prod-1-web:80")
    one = opened(old, [HOST, "www.shop.example"], "/ready")
    assert one.doors == (Door((HOST, "www.shop.example"), "/", old.url, "/ready"),)
    assert opened(one, ["x.example"], "/") == one
    assert within(one, [DoorPlace(HOST, "/")]).doors[0].hosts == (HOST,)


def test_each_stack_has_cookies_of_its_own_at_a_name_that_is_shared() -> None:
    sticky = replace(SHOP.targets[0].doors[0], sticky=True)
    text = traefik_config(replace(SHOP, targets=(replace(SHOP.targets[0], doors=(sticky,)),)))
    assert "name: tidegate_server_shop_prod_0" in text


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (replace(SHOP, targets=(Target(1, "http://x:1"),)), "deployment 1 has no doors"),
        (replace(SHOP, candidate=Target(2, "http://x:1")), "deployment 2 has no doors"),
        (
            replace(BLOG, targets=(slot(1, "blog", "/blog", "/login"),)),
            f"a door at {HOST}/login, which is not the route's own",
        ),
        (replace(BLOG, candidate=slot(2, "blog", "/")), f"a door at {HOST}/, which is not"),
        (replace(BLOG, domains=(HOST, "x.example")), "not at its domains"),
        (replace(BLOG, sharing=Sharing(("blog",), (DoorPlace(HOST, "/blog"),))), "with itself"),
        (replace(BLOG, sharing=Sharing((), (DoorPlace(HOST, "/blog"),))), "with nobody"),
        (
            replace(BLOG, sharing=Sharing(("x`",), (DoorPlace(HOST, "/blog"),))),
            "the stack 'x`' is no name",
        ),
        (
            replace(BLOG, sharing=Sharing(("shop",), (DoorPlace(HOST, "/a`) || Host(`b"),))),
            "is none of a door",
        ),
        (
            replace(BLOG, sharing=replace(BLOG.sharing or Sharing((), ()), begun=False)),
            "it serves, and has not begun to",
        ),
    ],
)
def test_a_route_that_would_take_more_than_it_may_is_not_written(wrong: Route, fault: str) -> None:
    with pytest.raises(EdgeError, match=fault.replace("(", r"\(")):
        traefik_config(wrong)


def test_a_file_whose_routers_take_a_path_that_its_head_does_not_tell_is_none_of_ours() -> None:
    text = traefik_config(BLOG)
    forged = text.replace(
        "Path(`/news`) || PathPrefix(`/news/`)", "Path(`/x`) || PathPrefix(`/x/`)"
    )
    assert forged != text
    with pytest.raises(EdgeError, match="not as Tidegate wrote it"):
        read_route(forged)
