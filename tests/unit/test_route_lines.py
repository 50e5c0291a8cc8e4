"""`routes` of a stack file: what is read, what is refused, and which door a request goes
through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plans import a_plan
from tidegate.edge.doors import Claim, shared_doors, taken_doors
from tidegate.edge.facts import Door, Target
from tidegate.edge.hosts import meet
from tidegate.edge.probing import Question
from tidegate.edge.routing import (
    backs_of,
    door_questions,
    door_to,
    doors_of_slot,
    places_at,
    within,
)
from tidegate.errors import StackFileError
from tidegate.pages.stages import plan_page
from tidegate.plan.resolved import own_part
from tidegate.stack.file import Stack, load_stack
from tidegate.stack.routes import addresses

WEB = {"name": "web", "image": "acme/web", "port": 3000, "ready_path": "/"}
API = {"name": "api", "image": "acme/api", "port": 8000, "ready_path": "/api/ready"}
WORKER = {"name": "worker", "image": "acme/worker"}
ROUTES = [
    {"path": "/api", "service": "api"},
    {"service": "web"},
    {"path": "/api/live", "service": "api", "port": 8072},
    {"service": "api", "domains_of": "admin"},
]
PROD = {
    "kind": "production",
    "compose_files": ["compose.yaml"],
    "env_file": ".env",
    "image_alias": "latest",
    "domains": ["shop.example", "*.erp.example"],
    "domains_of": {"admin": ["admin.shop.example"]},
}


def stack(folder: Path, **changed: Any) -> Stack:
    content = {
        "name": "shop",
        "title": "Shop",
        "source": {"repository": "."},
        "services": [WEB, API, WORKER],
        "routes": ROUTES,
        "smoke": [{"name": "home", "path": "/"}],
        "environments": {"prod": PROD},
    } | changed
    (folder / "shop").mkdir(exist_ok=True)
    (folder / "shop" / "stack.yaml").write_text(yaml.safe_dump(content))
    return load_stack(folder / "shop")


def doors(folder: Path, **changed: Any) -> tuple[Door, ...]:
    one = stack(folder, **changed)
    return doors_of_slot(one, one.environments["prod"], "shop-prod-42")


def test_each_route_leads_to_its_service_and_port_in_the_slot_the_main_one_first(
    tmp_path: Path,
) -> None:
    own = ("shop.example", "*.erp.example")
    assert doors(tmp_path) == (
        Door(own, "/", "http://shop-prod-42-web:3000", "/"),
        Door(own, "/api", "http://shop-prod-42-api:8000", "/api/ready"),
        Door(own, "/api/live", "http://shop-prod-42-api:8072", "/api/ready"),
        Door(("admin.shop.example",), "/", "http://shop-prod-42-api:8000", "/api/ready"),
    )


def test_without_routes_the_first_service_has_everything_as_before(tmp_path: Path) -> None:
    no_words = {key: value for key, value in PROD.items() if key != "domains_of"}
    assert doors(tmp_path, services=[WEB, WORKER], routes=[], environments={"prod": no_words}) == ()


@pytest.mark.parametrize(
    ("host", "path", "to"),
    [
        ("shop.example", "/", "web:3000"),
        ("shop.example", "/apidocs", "web:3000"),
        ("shop.example", "/api", "api:8000"),
        ("SHOP.example.", "/api/bills?page=2", "api:8000"),
        ("shop.example", "/api/live/1", "api:8072"),
        ("north.erp.example", "/api/live", "api:8072"),
        ("admin.shop.example", "/api/live", "api:8000"),
    ],
)
def test_the_longest_path_that_fits_counts(tmp_path: Path, host: str, path: str, to: str) -> None:
    door = door_to(doors(tmp_path), host, path)
    assert door is not None
    assert door.url == f"http://shop-prod-42-{to}"


@pytest.mark.parametrize("host", ["erp.example", "a.b.erp.example", "other.example"])
def test_a_name_that_no_domain_covers_has_no_door(tmp_path: Path, host: str) -> None:
    assert door_to(doors(tmp_path), host, "/") is None


def test_a_whole_name_goes_before_a_wildcard_that_covers_it(tmp_path: Path) -> None:
    found = doors(
        tmp_path, environments={"prod": PROD | {"domains_of": {"admin": ["admin.erp.example"]}}}
    )
    door = door_to(found, "admin.erp.example", "/api/live")
    assert door is not None
    assert (door.path, door.hosts) == ("/", ("admin.erp.example",))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (
            {"routes": [*ROUTES, {"path": "/x", "service": "redis"}]},
            "routes[4].service: no released service 'redis'",
        ),
        (
            {"routes": [*ROUTES, {"path": "/api", "service": "web"}]},
            "routes[4]: /api has a route already",
        ),
        (
            {"routes": [*ROUTES, {"service": "web", "domains_of": "admin"}]},
            "routes[4]: / at domains_of admin has a route already",
        ),
        (
            {"routes": [*ROUTES, {"path": "/w", "service": "worker"}]},
            "services[2]: worker is behind the edge and needs a port",
        ),
        (
            {"routes": [*ROUTES, {"path": "/w", "service": "worker", "port": 80}]},
            "services[2]: worker is behind the edge and needs a ready_path",
        ),
        (
            {"routes": [ROUTES[0], ROUTES[3]]},
            "smoke[0].path: no route there has the path /",
        ),
        ({"routes": [ROUTES[3]]}, "routes: none is at the environments' domains"),
        ({"routes": ROUTES[:3]}, "environments.prod.domains_of.admin: no route names it"),
        (
            {"routes": [*ROUTES, {"service": "web", "domains_of": "crm"}]},
            "environments.prod.domains_of: has no 'crm', which a route names",
        ),
        (
            {"routes": [*ROUTES, {"path": "/api/", "service": "web"}]},
            "routes[4].path: must be a path such as /api",
        ),
        (
            {"environments": {"prod": PROD | {"domains": ["*.erp.example"]}}},
            "environments.prod.domains[0]: must be a whole name, by which Tidegate itself can come",
        ),
        (
            {"environments": {"prod": PROD | {"domains": ["shop.example", "*.example"]}}},
            "environments.prod.domains[1]: must be a host name",
        ),
        (
            {
                "environments": {
                    "prod": PROD,
                    "dev": PROD
                    | {
                        "kind": "development",
                        "domains": ["north.erp.example"],
                        "domains_of": {"admin": ["a.dev.example"]},
                    },
                }
            },
            "environments: *.erp.example is a domain of prod, and north.erp.example of dev: a name has one owner",
        ),
        (
            {"smoke": [{"name": "crm", "domains_of": "crm"}]},
            "smoke[0].domains_of: no route has 'crm'",
        ),
        (
            {"services": [WEB, API, WORKER | {"port": 80}]},
            "services[2].port: nothing reads it, because no route leads to this service: take it out",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_path(
    tmp_path: Path, changed: dict[str, Any], fault: str
) -> None:
    with pytest.raises(StackFileError) as refused:
        stack(tmp_path, **changed)
    assert fault in str(refused.value)


def claim(host: str, owner: str, by: Any = "stack file") -> Claim:
    return Claim(host, "/", owner, "prod", by)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("north.erp.example", "*.erp.example"),
        ("*.erp.example", "north.erp.example"),
        ("*.erp.example", "*.erp.example"),
    ],
)
@pytest.mark.parametrize("by", ["stack file", "route"])
def test_a_wildcard_is_all_the_names_it_covers(mine: str, theirs: str, by: str) -> None:
    other = claim(theirs, "erp", by)
    assert taken_doors([claim(mine, "shop")], [other]) == [other]
    assert list(shared_doors([claim(mine, "shop"), other]))


@pytest.mark.parametrize(
    "mine", ["erp.example", "a.north.erp.example", "*.north.erp.example", "north.erp.example.com"]
)
def test_a_wildcard_is_no_other_names(mine: str) -> None:
    assert taken_doors([claim(mine, "shop")], [claim("*.erp.example", "erp", "route")]) == []


def test_who_is_served_by_a_wildcard_keeps_its_names_whatever_another_stack_file_says() -> None:
    held = [claim("*.erp.example", "erp", "route"), claim("north.erp.example", "shop")]
    erp = [claim(host, "erp") for host in ("*.erp.example", "north.erp.example")]
    assert taken_doors(erp, held) == []
    assert taken_doors([claim("north.erp.example", "shop")], held) == [held[0]]


NAMES = st.from_regex(r"(\*\.)?[a-c]{1,2}\.[a-c]\.x", fullmatch=True)


@given(NAMES, NAMES)
def test_two_names_meet_whoever_is_asked_first(one: str, other: str) -> None:
    assert meet(one, other) == meet(other, one)
    assert meet(one, one.upper())


def test_a_door_is_asked_by_its_ready_path_where_that_leads_through_it_and_else_by_its_own_path(
    tmp_path: Path,
) -> None:
    target = Target(42, "http://shop-prod-42-web:3000", doors=doors(tmp_path))
    assert door_questions(target) == [
        Question("shop.example", "/", True),
        Question("shop.example", "/api/ready", True),
        Question("shop.example", "/api/live", False),
        Question("admin.shop.example", "/api/ready", True),
    ]


def test_a_way_back_goes_without_the_doors_at_names_that_others_have_taken(tmp_path: Path) -> None:
    target = Target(42, "http://shop-prod-42-web:3000", doors=doors(tmp_path))
    places = places_at([target])
    kept = within(target, [one for one in places if one.host == "shop.example"])
    assert {door.hosts for door in kept.doors} == {("shop.example",)}
    left = within(target, [one for one in places if one.host == "admin.shop.example"])
    assert (len(left.doors), left.url) == (1, "http://shop-prod-42-api:8000")


def test_doors_to_one_address_are_one_service_of_the_edge(tmp_path: Path) -> None:
    assert [back.url for back in backs_of(Target(42, "http://x:1", doors=doors(tmp_path)))] == [
        "http://shop-prod-42-web:3000",
        "http://shop-prod-42-api:8000",
        "http://shop-prod-42-api:8072",
    ]


def test_whoever_approves_reads_where_each_route_leads(tmp_path: Path) -> None:
    one = stack(tmp_path)
    told = addresses(one.services, one.routes, one.environments["prod"])
    assert told[:2] == ("shop.example/ → web:3000", "*.erp.example/ → web:3000")
    assert "shop.example/api/live → api:8072" in told
    assert "admin.shop.example/ → api:8000" in plan_page(replace(a_plan(), addresses=told), "en")


def test_a_changed_route_is_a_change_of_the_configuration(tmp_path: Path) -> None:
    """So it is planned, approved and released like any other."""
    before = own_part(stack(tmp_path), "prod")
    assert (
        own_part(stack(tmp_path, routes=[*ROUTES, {"path": "/docs", "service": "api"}]), "prod")
        != before
    )
