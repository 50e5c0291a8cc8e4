"""A host name has one owner; nothing that a team wrote, an application answers or a stranger leaves
changes that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from blocks.edges.traefik.container import write_own_routes
from tasks.plan.doors import refuse_foreign_answers, refuse_taken_doors
from tests.attacks.edge_process import *  # noqa: F403
from tests.attacks.edge_process import EdgeProcess, application, route
from tests.integration.visited_apps import DOMAIN, App, running
from tidegate.edge.doors import (
    Claim,
    claims_of,
    claims_of_route,
    doors_of_routes,
    doors_of_stacks,
    shared_doors,
    taken_doors,
)
from tidegate.edge.facts import Route, Served, Target
from tidegate.edge.headers import read_served
from tidegate.edge.hosts import host_name
from tidegate.edge.routes import traefik_config
from tidegate.errors import EdgeError, FencedError, StackFileError
from tidegate.stack.file import Stack

SHOP = route("shop", Target(42, "http://shop-prod-42-web:8000"), fence=7)


def test_without_a_trusted_front_nobody_is_believed_about_a_visitor(edge: EdgeProcess) -> None:
    with running(App()) as app:
        edge.block.apply(route("shop", Target(1, app.url), domain=DOMAIN))
        forged = {
            "Host": DOMAIN,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Port": "443",
        }
        httpx.get(edge.block.public_url, headers=forged, trust_env=False)
    assert (app.seen[-1]["x-forwarded-proto"], app.seen[-1]["x-forwarded-for"]) == (
        "http",
        "127.0.0.1",
    )
    assert app.seen[-1]["x-forwarded-port"] != "443"


# --- a host name has one owner ---


def test_case_and_a_dot_at_the_end_make_no_other_name() -> None:
    assert host_name("Shop.LOCALHOST.") == "shop.localhost"
    doors = doors_of_routes([SHOP])
    thief = claims_of_route(route("thief", domain="SHOP.localhost."))
    assert [str(door) for door in taken_doors(thief, doors)] == [
        "shop.localhost belongs to shop prod (its route)"
    ]


def test_another_environment_of_the_same_stack_is_somebody_else() -> None:
    mine = claims_of_route(SHOP)
    staging = [replace(one, environment="staging") for one in mine]
    assert taken_doors(staging, doors_of_routes([SHOP]))
    assert not taken_doors(mine, doors_of_routes([SHOP]))


def stack_of(name: str, domain: str) -> Stack:
    return Stack.model_validate(
        {
            "name": name,
            "title": name,
            "source": {"repository": "."},
            "services": [{"name": "web", "image": "web", "port": 80, "ready_path": "/ready"}],
            "smoke": [{"name": "home"}],
            "environments": {
                "prod": {
                    "kind": "production",
                    "compose_files": ["c.yml"],
                    "env_file": ".env",
                    "domains": [domain],
                    "image_alias": "x",
                }
            },
        }
    )


def wanted(stack: Stack) -> list[Claim]:
    return claims_of(stack, "prod", stack.environments["prod"].shares_names_with)


def test_a_stack_file_alone_takes_no_name_from_whoever_is_served_under_it() -> None:
    files = [stack_of("shop", "shop.localhost"), stack_of("thief", "shop.localhost")]
    doors = [*doors_of_routes([SHOP]), *doors_of_stacks(files)]
    assert not taken_doors(wanted(files[0]), doors)
    assert taken_doors(wanted(files[1]), doors)


def test_where_nobody_is_served_yet_two_stack_files_have_the_name_neither() -> None:
    files = [stack_of("one", "new.localhost"), stack_of("two", "new.localhost")]
    doors = doors_of_stacks(files)
    assert all(taken_doors(wanted(one), doors) for one in files)
    assert list(shared_doors(doors)) == ["new.localhost is claimed by one prod, two prod"]


@pytest.fixture
def shop_address() -> Iterator[str]:
    with application() as address:
        yield address


def test_a_second_stack_cannot_take_the_traffic_of_the_first(
    edge: EdgeProcess, shop_address: str
) -> None:
    edge.block.apply(route("shop", Target(1, shop_address)))
    with pytest.raises(EdgeError, match=r"shop\.localhost belongs to shop prod"):
        edge.block.apply(
            route("thief", Target(1, shop_address), domain="shop.localhost", fence=10**6)
        )
    assert edge.block.serving("shop.localhost", "/") == Served("shop", "prod", 1)
    assert [one.stack for one in edge.block.routes().good] == ["shop"]


def test_the_plan_of_a_second_stack_names_the_owner_and_shows_no_foreign_number_as_passed(
    edge: EdgeProcess, shop_address: str, tmp_path: Path
) -> None:
    edge.block.apply(route("shop", Target(1, shop_address)))
    thief = stack_of("thief", "shop.localhost")
    env: Any = SimpleNamespace(
        stack=thief,
        name="prod",
        config=thief.environments["prod"],
        edge=edge.block,
        settings=SimpleNamespace(stacks=tmp_path),
    )
    with pytest.raises(StackFileError, match=r"shop\.localhost belongs to shop prod \(its route\)"):
        refuse_taken_doors(env)
    with pytest.raises(StackFileError, match=r"shop\.localhost is answered by shop/prod/1"):
        refuse_foreign_answers(env)
    env.stack = stack_of("shop", "shop.localhost")
    refuse_taken_doors(env)
    assert refuse_foreign_answers(env) == {"shop.localhost": Served("shop", "prod", 1)}


@pytest.mark.parametrize("forged", ["thief/prod/9", "1", "shop/prod/1, thief/prod/9"])
def test_an_application_cannot_say_that_it_is_another_deployment(
    edge: EdgeProcess, forged: str
) -> None:
    with application({"X-Tidegate-Deployment": forged, "x-tidegate-deployment": forged}) as address:
        edge.block.apply(route("shop", Target(1, address)))
        assert edge.block.serving("shop.localhost", "/") == Served("shop", "prod", 1)
        assert edge.get("shop.localhost").headers.get_list("X-Tidegate-Deployment") == [
            "shop/prod/1"
        ]


@pytest.mark.parametrize(
    "header",
    ["", "42", "shop/prod/0", "shop/prod/1/2", "a/b/c", "shop/prod/1\n", "shop/prod/1, x/y/2"],
)
def test_a_header_that_is_not_whole_names_nobody(header: str) -> None:
    assert read_served(header) is None


# --- what a stranger leaves in the edge's folder stops nobody ---

BROKEN = "http: [broken"
STRANGERS = {
    "broken.yml": BROKEN,
    "zz_prod.yml": BROKEN,
    "x.yaml": BROKEN,
    "X.YML": BROKEN,
    "x.toml": "= broken",
    ".yml": BROKEN,
    ".shop_prod.yml": BROKEN,
    "sub/deep/x.yml": BROKEN,
    "thief.yml": "http: {routers: {t: {rule: Host(`shop.localhost`), service: t, priority: 9999, entryPoints: [web]}}, "
    "services: {t: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}}}",
    "template.yml": "{{ range }}",
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_foreign_or_broken_file_stops_no_switch_and_hides_no_route(
    edge: EdgeProcess, shop_address: str, name: str
) -> None:
    edge.block.apply(route("shop", Target(1, shop_address)))
    stranger = edge.folder / name
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_text(STRANGERS[name])
    found = edge.block.routes()
    assert ([one.stack for one in found.good], len(found.faulty)) == (["shop"], 1)
    edge.block.apply(route("mill", Target(2, shop_address)))
    assert edge.block.serving("mill.localhost", "/") == Served("mill", "prod", 2)
    assert (stranger.parent / f"{stranger.name}.set-aside").read_text() == STRANGERS[name]


@pytest.mark.parametrize(
    "content",
    [BROKEN, "", "# stack: shop\nhttp: {}", "\0", traefik_config(SHOP).replace("shop", "ship")],
)
def test_a_broken_route_of_one_stack_stops_neither_others_nor_itself(
    edge: EdgeProcess, shop_address: str, content: str
) -> None:
    before = route("shop", Target(1, shop_address), fence=8)
    edge.block.apply(before)
    (edge.folder / "shop_prod.yml").write_text(content)
    edge.block.apply(route("mill", Target(2, shop_address)))
    assert edge.block.route("shop", "prod") == before
    assert edge.block.serving("shop.localhost", "/") == Served("shop", "prod", 1)
    with pytest.raises(FencedError):  # the fence is not lost with the file
        edge.block.apply(route("shop", Target(9, shop_address), fence=7))


def test_the_edges_own_file_is_put_back_when_somebody_broke_it(
    edge: EdgeProcess, shop_address: str
) -> None:
    (edge.folder / "edge.yml").write_text(BROKEN)
    edge.block.apply(route("shop", Target(1, shop_address)))
    edge.restart()
    assert edge.block.serving("shop.localhost", "/") == Served("shop", "prod", 1)
    edge.block.apply(route("shop", Target(2, shop_address)))


def test_the_edge_starts_with_all_routes_although_a_broken_file_lay_there(
    edge: EdgeProcess, shop_address: str
) -> None:
    edge.block.apply(route("shop", Target(1, shop_address)))
    edge.stop()
    (edge.folder / "broken.yml").write_text(BROKEN)
    write_own_routes(
        edge.folder, "127.0.0.0/8"
    )  # what `tidegate run` does before it starts an edge
    edge.start()
    assert edge.block.serving("shop.localhost", "/") == Served("shop", "prod", 1)


def test_a_link_out_of_the_folder_is_not_followed(
    edge: EdgeProcess, shop_address: str, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_text(traefik_config(route("shop", Target(1, shop_address))))
    (edge.folder / "shop_prod.yml").symlink_to(outside)
    edge.block.apply(route("shop", Target(2, shop_address)))
    assert not (edge.folder / "shop_prod.yml").is_symlink()
    assert "shop/prod/1" in outside.read_text()


def test_two_switches_at_once_cannot_both_have_a_new_name(
    edge: EdgeProcess, shop_address: str
) -> None:
    import threading

    refused: list[str] = []

    def take(stack: str) -> None:
        try:
            edge.block.apply(route(stack, Target(1, shop_address), domain="new.localhost"))
        except EdgeError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=take, args=(f"stack{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert len(edge.block.routes().good) == 1


def test_what_an_earlier_version_wrote_is_written_anew_without_a_change_of_who_serves(
    edge: EdgeProcess, shop_address: str
) -> None:
    mine: Route = route("shop", Target(1, shop_address))
    old = traefik_config(mine).replace("shop/prod/1", "1").replace('"/ready"', "/ready")
    (edge.folder / "shop_prod.yml").write_text(old)
    assert edge.block.renew() == ["shop_prod.yml"]
    edge.block.apply(mine)
    assert edge.block.serving("shop.localhost", "/") == Served("shop", "prod", 1)
    assert edge.block.renew() == []
