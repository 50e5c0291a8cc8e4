"""A route file with several doors: read back as it was written, longest path first, and still read
when it is an old one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tidegate.edge.facts import Door, Route, Target
from tidegate.edge.headers import headers_for
from tidegate.edge.route_files import read_route
from tidegate.edge.routes import traefik_config
from tidegate.edge.routing import backs_of
from tidegate.errors import EdgeError

DOMAINS = ("shop.example", "*.erp.example", "admin.shop.example")


def slot(number: int, weight: int = 100) -> Target:
    web, api = (f"http://shop-prod-{number}-{name}" for name in ("web:3000", "api:8000"))
    return Target(
        number,
        web,
        weight,
        (
            Door(DOMAINS[:2], "/", web, "/"),
            Door(DOMAINS[:2], "/api", api, "/api/ready", sticky=True),
            Door(DOMAINS[:2], "/api/live", f"http://shop-prod-{number}-api:8072", "/api/ready"),
            Door(DOMAINS[2:], "/", api, "/api/ready", sticky=True),
        ),
    )


SERVING = Route("shop", "prod", DOMAINS, (slot(42),), None, None, 7, "/", https=True)
GUARDED = replace(SERVING, standby=slot(41))
OLD_FILE = """\
# written by Tidegate; do not edit: the next switch overwrites it
# stack: shop
# environment: prod
# deployment: 42
# fence: 7
# ready path: "/ready"
http:
  routers:
    shop_prod_public:
      entryPoints:
      - web
      rule: Host(`shop.example`) || Host(`www.shop.example`)
      service: shop_prod_42
      middlewares:
      - shop_prod_retry
    shop_prod_42:
      entryPoints:
      - check
      rule: Header(`X-Tidegate-Slot`, `shop/prod/42`)
      priority: 1000
      service: shop_prod_42
  middlewares:
    shop_prod_retry:
      retry:
        attempts: 5
        initialInterval: 10ms
    shop_prod_42:
      headers:
        customRequestHeaders:
          X-Tidegate-Slot: ''
        customResponseHeaders:
          X-Tidegate-Deployment: shop/prod/42
  services:
    shop_prod_42:
      middlewares:
      - shop_prod_42
      loadBalancer:
        passHostHeader: true
        servers:
        - url: http://shop-prod-42-web:8000
"""


def http(route: Route) -> Any:
    return yaml.safe_load(traefik_config(route))["http"]


@st.composite
def routes(draw: st.DrawFn) -> Route:
    serving = draw(
        st.sampled_from(
            [(), (slot(42),), (slot(42, 90), slot(43, 10)), (Target(42, "http://x:1"),)]
        )
    )
    standby = slot(41) if serving and serving[0].doors and draw(st.booleans()) else None
    candidate = draw(st.sampled_from([None, slot(44), Target(44, "http://new:1")]))
    return replace(
        SERVING, targets=serving, standby=standby, candidate=candidate, https=draw(st.booleans())
    )


@given(routes(), st.booleans())
def test_a_route_read_back_is_the_route_that_was_written(route: Route, closing: bool) -> None:
    assert read_route(traefik_config(route, closing=closing)) == route


@given(routes())
def test_every_name_that_is_used_is_defined(route: Route) -> None:
    config = http(route)
    used = [router["service"] for router in config["routers"].values()]
    for service in config["services"].values():
        used += [part["name"] for part in service.get("weighted", {}).get("services", [])]
        used += (
            [service["failover"][role] for role in ("service", "fallback")]
            if "failover" in service
            else []
        )
        assert set(service.get("middlewares", [])) <= set(config["middlewares"])
    assert {*used} <= set(config["services"])


def test_a_file_of_the_version_before_is_read_and_written_again_as_it_is() -> None:
    """So an upgrade changes nothing at an edge that runs."""
    route = read_route(OLD_FILE)
    assert route == Route(
        "shop",
        "prod",
        ("shop.example", "www.shop.example"),
        (Target(42, "http://shop-prod-42-web:8000"),),
        None,
        None,
        7,
        "/ready",
        https=False,
    )
    assert traefik_config(route) == OLD_FILE


def test_the_longest_path_goes_first_and_a_whole_name_before_a_wildcard() -> None:
    public = {
        name: router
        for name, router in http(SERVING)["routers"].items()
        if router["entryPoints"] == ["web"]
    }
    order = sorted(public.values(), key=lambda router: -router["priority"])
    below = r"HostRegexp(`^[a-z0-9-]+\.erp\.example$`)"
    live, api = (
        "(Path(`/api/live`) || PathPrefix(`/api/live/`))",
        "(Path(`/api`) || PathPrefix(`/api/`))",
    )
    assert [router["rule"] for router in order] == [
        f"(Host(`shop.example`)) && {live}",
        f"(Host(`shop.example`)) && {api}",
        "Host(`shop.example`)",
        "Host(`admin.shop.example`)",
        f"({below}) && {live}",
        f"({below}) && {api}",
        below,
    ]
    assert [router["service"] for router in order] == [
        "shop_prod_42_2",
        "shop_prod_42_1",
        "shop_prod_42",
        "shop_prod_42_1",
        "shop_prod_42_2",
        "shop_prod_42_1",
        "shop_prod_42",
    ]


def test_a_slot_has_its_doors_and_each_address_by_itself_on_the_check_entry_point() -> None:
    routers = [
        one
        for one in http(replace(SERVING, targets=(), candidate=slot(43)))["routers"].values()
        if one["entryPoints"] == ["check"]
    ]
    named = {one["rule"]: one["service"] for one in routers}
    for place in range(3):
        wanted = headers_for(https=False, slot=None) | {"X-Tidegate-Slot": f"shop/prod/43/{place}"}
        rule = f"Header(`X-Tidegate-Slot`, `{wanted['X-Tidegate-Slot']}`)"
        assert named[rule] == ("shop_prod_43" if place == 0 else f"shop_prod_43_{place}")
    assert (
        named["Header(`X-Tidegate-Slot`, `shop/prod/43`) && (Host(`shop.example`))"]
        == "shop_prod_43"
    )
    assert min(one["priority"] for one in routers) >= 1000, "before the edge's own API"


def test_the_warm_old_slot_stands_behind_each_door() -> None:
    services = http(GUARDED)["services"]
    assert {
        name: (one["failover"]["service"], one["failover"]["fallback"])
        for name, one in services.items()
        if "failover" in one
    } == {
        "shop_prod_public": ("shop_prod_42", "shop_prod_41"),
        "shop_prod_public_1": ("shop_prod_42_1", "shop_prod_41_1"),
        "shop_prod_public_2": ("shop_prod_42_2", "shop_prod_41_2"),
    }
    check = services["shop_prod_41_1"]["loadBalancer"]["healthCheck"]
    assert (check["path"], check["hostname"]) == ("/api/ready", "shop.example")


def test_only_a_route_that_asks_for_it_gives_a_cookie() -> None:
    services = http(SERVING)["services"]
    assert services["shop_prod_42_1"]["loadBalancer"]["sticky"]["cookie"] == {
        "name": "tidegate_server_1",
        "httpOnly": True,
        "secure": True,
        "sameSite": "lax",
    }
    assert [name for name, one in services.items() if "sticky" in one["loadBalancer"]] == [
        "shop_prod_42_1"
    ]


def test_before_the_first_switch_no_door_is_missing_and_none_is_open() -> None:
    config = http(replace(SERVING, targets=(), candidate=slot(42)))
    public = config["routers"]["shop_prod_public"]
    assert config["services"][public["service"]] == {"loadBalancer": {"servers": []}}
    assert (
        public["rule"]
        == r"Host(`shop.example`) || HostRegexp(`^[a-z0-9-]+\.erp\.example$`) || Host(`admin.shop.example`)"
    )


def test_the_addresses_of_a_slot_are_in_the_order_of_its_doors() -> None:
    assert [back.url.rpartition("-")[2] for back in backs_of(slot(1))] == [
        "web:3000",
        "api:8000",
        "api:8072",
    ]


def changed(place: int, **other: Any) -> Target:
    doors = list(slot(42).doors)
    doors[place] = replace(doors[place], **other)
    return replace(slot(42), doors=tuple(doors))


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        (
            replace(SERVING, standby=Target(41, "http://old:1")),
            "deployment 41 has other doors than deployment 42",
        ),
        (replace(SERVING, targets=(changed(1, path="/"),)), "two doors at shop.example/"),
        (
            replace(SERVING, targets=(changed(1, hosts=("thief.example",)),)),
            "thief.example, which is no domain of the route",
        ),
        (replace(SERVING, targets=(changed(1, hosts=()),)), "a door without a host name"),
        (
            replace(SERVING, targets=(changed(0, url="http://other:1"),)),
            "another address than its first door",
        ),
        (replace(SERVING, targets=(changed(1, path="/api/"),)), "none of a door"),
        (replace(SERVING, targets=(changed(1, path="/a%20b"),)), "none of a door"),
        (replace(SERVING, targets=(changed(1, path="/a/../b"),)), "none of a door"),
        (replace(SERVING, targets=(changed(1, path="/`) || Host(`x"),)), "none of a door"),
        (replace(SERVING, targets=(changed(1, path="/{{ env `HOME` }}"),)), "none of a door"),
        (replace(SERVING, targets=(changed(1, ready_path="/a b"),)), "is no path of a URL"),
        (replace(SERVING, targets=(changed(1, url="http://x/`"),)), "is no address"),
        (replace(SERVING, domains=(*DOMAINS, "*.example")), "is no host name"),
    ],
)
def test_a_route_that_contradicts_itself_or_could_mean_more_is_not_written(
    route: Route, fault: str
) -> None:
    with pytest.raises(EdgeError, match=fault):
        traefik_config(route)


def test_a_file_whose_routers_take_a_name_that_its_head_does_not_tell_is_none_of_ours() -> None:
    text = traefik_config(SERVING)
    with pytest.raises(EdgeError, match="not as Tidegate wrote it"):
        read_route(text.replace("Host(`admin.shop.example`)", "Host(`victim.example`)"))
