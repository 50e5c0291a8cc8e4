"""Paths of one host name with several owners: what a stack file says of them, and whose a path
is."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plans import a_plan
from tidegate.edge.doors import (
    Claim,
    claims_of,
    doors_of_stacks,
    left_of,
    shared_doors,
    taken_doors,
)
from tidegate.edge.facts import Door
from tidegate.edge.paths import is_below
from tidegate.edge.routing import doors_of_slot
from tidegate.errors import StackFileError
from tidegate.pages.stages import plan_page
from tidegate.stack.file import Stack, load_stack
from tidegate.stack.routes import addresses, places_of, routed

HOST = "shop.example"
PROD = {
    "kind": "production",
    "compose_files": ["compose.yaml"],
    "env_file": ".env",
    "image_alias": "latest",
    "domains": [HOST],
}
WEB = {"name": "web", "image": "acme/web", "port": 80, "ready_path": "/ready"}


def stack(folder: Path, name: str, *paths: str, partners: Any = (), **changed: Any) -> Stack:
    content = {
        "name": name,
        "title": name,
        "source": {"repository": "."},
        "services": [WEB],
        "routes": [{"path": path, "service": "web"} for path in paths],
        "smoke": [{"name": "home", "path": paths[0] if paths else "/"}],
        "environments": {"prod": PROD | {"shares_names_with": [*partners]}},
    } | changed
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "stack.yaml").write_text(yaml.safe_dump(content))
    return load_stack(folder / name)


def claims(one: Stack) -> list[Claim]:
    return claims_of(one, "prod", one.environments["prod"].shares_names_with)


def claim(path: str, owner: str, *partners: str, by: Any = "route", host: str = HOST) -> Claim:
    return Claim(host, path, owner, "prod", by, partners)


# --- the stack file ---


def test_an_environment_without_the_key_has_its_names_with_all_their_paths(tmp_path: Path) -> None:
    assert [str(one.place) for one in claims(stack(tmp_path, "api", "/api"))] == [f"{HOST}/"]


def test_one_that_shares_its_names_claims_its_own_paths_alone(tmp_path: Path) -> None:
    api = stack(tmp_path, "api", "/api", "/docs", partners=["shop"])
    assert [str(one.place) for one in claims(api)] == [f"{HOST}/api", f"{HOST}/docs"]


def test_where_no_route_has_the_path_the_first_one_is_the_main_one(tmp_path: Path) -> None:
    one = stack(tmp_path, "api", "/docs", "/api", partners=["shop"])
    assert [line.path for line in routed(one.services, one.routes)] == ["/docs", "/api"]
    assert places_of(one.services, one.routes, one.environments["prod"])[0] == (HOST, "/docs")


def test_a_stack_without_routes_that_shares_its_names_has_one_door(tmp_path: Path) -> None:
    shop = stack(tmp_path, "shop", partners=["blog"])
    assert doors_of_slot(shop, shop.environments["prod"], "shop-prod-1") == (
        Door((HOST,), "/", "http://shop-prod-1-web:80", "/ready"),
    )


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (
            {"partners": ["shop"]},
            "environments.prod.shares_names_with: 'shop' is this stack itself",
        ),
        ({"partners": ["No Name"]}, "environments.prod.shares_names_with[0]: must be lower-case"),
        (
            {"smoke": [{"name": "home", "path": "/blog"}, {"name": "other", "path": "/apidocs"}]},
            "smoke[0].path: no route there has the path /blog; "
            "smoke[1].path: no route there has the path /apidocs",
        ),
        (
            {
                "smoke": [
                    {
                        "name": "in",
                        "path": "/api/me",
                        "login": {"by": "bearer", "path": "/me", "token_key": "TOKEN"},
                    }
                ]
            },
            "smoke[0].login.path: no route there has the path /me",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_path(
    tmp_path: Path, changed: dict[str, Any], fault: str
) -> None:
    with pytest.raises(StackFileError) as refused:
        stack(tmp_path, "shop", "/api", **changed)
    assert fault in str(refused.value)


def test_whoever_approves_reads_with_whom_the_names_are_shared(tmp_path: Path) -> None:
    shop = stack(tmp_path, "shop", partners=["blog"])
    told = addresses(shop.services, shop.routes, shop.environments["prod"])
    plan = replace(a_plan(), addresses=told, shares_names_with=("blog",))
    assert f"{HOST}/ → web:80" in plan_page(plan, "en")
    for language, words in (("en", "Host names shared with"), ("zh", "域名与这些应用共用")):
        assert words in plan_page(plan, language)
        assert words not in plan_page(a_plan(), language)


# --- whose a path is ---


def test_two_that_name_each_other_may_have_different_paths(tmp_path: Path) -> None:
    shop = stack(tmp_path, "shop", partners=["blog"])
    blog = stack(tmp_path, "blog", "/blog", partners=["shop"])
    doors = doors_of_stacks([shop, blog])
    assert [taken_doors(claims(one), doors) for one in (shop, blog)] == [[], []]
    assert list(shared_doors(doors)) == []


@pytest.mark.parametrize(
    ("of_shop", "of_blog"), [((), ("shop",)), (("blog",), ()), (("mill",), ("shop",)), ((), ())]
)
@pytest.mark.parametrize("paths", [*permutations(("/", "/blog", "/blog/a"), 2)])
def test_otherwise_nobody_has_a_path_of_a_name_that_another_one_claims(
    of_shop: tuple[str, ...], of_blog: tuple[str, ...], paths: tuple[str, str]
) -> None:
    shop = claim(paths[0] if of_shop else "/", "shop", *of_shop)
    blog = claim(paths[1] if of_blog else "/", "blog", *of_blog, by="stack file")
    assert taken_doors([blog], [shop]) == [shop]
    assert list(shared_doors([shop, blog])) == [f"{HOST} is claimed by blog prod, shop prod"]


def test_the_same_path_is_refused_with_both_names(tmp_path: Path) -> None:
    both = [
        stack(tmp_path, "shop", "/", "/blog", partners=["blog"]),
        stack(tmp_path, "blog", "/blog", partners=["shop"]),
    ]
    doors = doors_of_stacks(both)
    told = [str(one) for stack_file in both for one in taken_doors(claims(stack_file), doors)]
    assert told == [
        f"{HOST}/blog belongs to blog prod (its stack file; it shares {HOST} with shop)",
        f"{HOST}/blog belongs to shop prod (its stack file; it shares {HOST} with blog)",
    ]


def test_three_share_a_name_where_each_names_the_two_others() -> None:
    api, docs = claim("/api", "api", "docs", "shop"), claim("/docs", "docs", "api", "shop")
    shop = claim("/", "shop", "api", "docs")
    assert [taken_doors([one], [api, docs, shop]) for one in (api, docs, shop)] == [[], [], []]
    half = replace(shop, shares_with=("api",))
    assert taken_doors([half], [api, docs]) == [docs]


def test_two_environments_of_one_stack_share_no_name() -> None:
    prod = claim("/", "shop", "shop")
    assert taken_doors([replace(prod, environment="staging", path="/a")], [prod]) == [prod]


def test_a_stack_file_alone_takes_no_path_from_whoever_is_served_at_the_name() -> None:
    """Of a stranger not even one beside it, of a partner not one that it serves already."""
    served = claim("/", "shop", "blog")
    wanted = [
        replace(served, claimed_by="stack file"),
        claim("/new", "shop", "blog", by="stack file"),
    ]
    stranger = claim("/other", "mill", by="stack file")
    partner = claim("/", "blog", "shop", by="stack file")
    assert taken_doors(wanted, [served, stranger, partner]) == []
    rival = claim("/new", "blog", "shop", by="stack file")
    assert taken_doors(wanted, [served, rival]) == [rival]


def test_who_takes_the_consent_back_is_refused_while_the_other_is_served() -> None:
    shop, blog = claim("/", "shop", "blog"), claim("/blog", "blog", "shop")
    alone = claim("/", "shop", by="stack file")
    assert taken_doors([alone], [shop, blog]) == [blog]
    assert taken_doors([alone], [shop]) == []


def test_a_way_back_has_what_nobody_has_taken_since() -> None:
    wanted = [claim("/blog", "blog", "shop"), claim("/news", "blog", "shop")]
    news = [claim("/", "shop", "blog"), claim("/news", "shop", "blog")]
    assert left_of(wanted, news) == wanted[:1]


def test_a_wildcard_is_never_shared() -> None:
    wild = claim("/", "erp", "shop", host="*.erp.example")
    name = claim("/blog", "shop", "erp", host="north.erp.example")
    same = claim("/blog", "shop", "erp", host="*.erp.example")
    assert taken_doors([name], [wild]) == [wild]
    assert taken_doors([same], [wild]) == [wild]


@pytest.mark.parametrize("partners", [("shop",), ()])
def test_a_name_that_a_wildcard_covers_is_shared_where_its_owner_claims_it_by_itself(
    partners: tuple[str, ...],
) -> None:
    own = [
        claim("/", "erp", *partners, host="*.erp.example"),
        claim("/", "erp", *partners, host="north.erp.example"),
    ]
    name = claim("/blog", "shop", "erp", host="north.erp.example")
    assert taken_doors([name], own) == ([] if partners else [own[1]])
    assert taken_doors(own, [name]) == ([] if partners else [name])


PATHS = st.from_regex(r"(/[ab]{1,2}){1,3}|/", fullmatch=True)


@given(PATHS, PATHS, PATHS)
def test_of_two_paths_that_take_a_request_one_is_the_longer_one(
    asked: str, one: str, other: str
) -> None:
    """So two stacks that do not have the same path never have the same requests."""
    if is_below(asked, one) and is_below(asked, other):
        assert (one == other) == (len(one) == len(other))
