"""A host name that two stacks share: neither takes what is the other's, by whatever path it asks
for, and a third one has no part in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.attacks.edge_process import *  # noqa: F403
from tests.attacks.edge_process import EdgeProcess, application
from tests.contracts.shared_names_contract import SharedNamesContract
from tidegate.edge.facts import Route, Served, Sharing, Target
from tidegate.edge.routes import traefik_config
from tidegate.errors import EdgeError

MADE = SharedNamesContract()
HOST, SHOP, BLOG = MADE.domain, Served("shop", "prod", 1), Served("blog", "prod", 2)


@pytest.fixture
def slots() -> Iterator[tuple[Target, Target]]:
    with application() as one, application() as other:
        yield Target(1, one), Target(2, other)


@pytest.fixture
def both(edge: EdgeProcess, slots: tuple[Target, Target]) -> tuple[Route, Route]:
    """The shop has all paths but /blog, which the blog has."""
    return MADE.beside(edge.block, slots)


def answering(edge: EdgeProcess, path: str) -> str:
    return str(edge.get(HOST, path).headers.get("X-Tidegate-Deployment", "nobody"))


@pytest.mark.parametrize("path", ["/", "/login", "/blog", "/blog/a", "/b"])
@pytest.mark.parametrize("named", [("shop", "blog"), ("shop",), ("blog",)])
def test_a_third_stack_that_names_both_gets_no_path_of_the_name(
    edge: EdgeProcess, both: tuple[Route, Route], path: str, named: tuple[str, ...]
) -> None:
    thief = MADE.sharing("thief", "shop", path, Target(9, both[0].targets[0].url), fence=10**6)
    assert thief.sharing is not None
    with pytest.raises(EdgeError, match=f"{HOST}/ belongs to shop prod"):
        edge.block.apply(replace(thief, sharing=replace(thief.sharing, stacks=named)))
    assert sorted(one.stack for one in edge.block.routes().good) == ["blog", "shop"]
    assert answering(edge, path) in (str(SHOP), str(BLOG))


def test_who_comes_later_with_all_paths_swallows_none_that_the_other_has(
    edge: EdgeProcess, slots: tuple[Target, Target]
) -> None:
    edge.block.apply(MADE.sharing("blog", "shop", "/blog", slots[1]))
    edge.block.apply(MADE.sharing("shop", "blog", "/", slots[0], fence=99))
    paths = ("/blog", "/blog/", "/blog?page=2", "/blog/a/b")
    assert {answering(edge, path) for path in paths} == {str(BLOG)}
    assert {answering(edge, path) for path in ("/", "/blogs", "/Blog", "/a/blog")} == {str(SHOP)}


@pytest.mark.parametrize("own", ["/%6cogin", "/l%6fgin/x"])
def test_a_path_that_is_written_otherwise_takes_no_request_for_another_one(
    edge: EdgeProcess, slots: tuple[Target, Target], own: str
) -> None:
    """It is longer than the shop's, so it would go first; but it is refused, and where somebody
    writes it into the edge's folder all the same, nobody can ask for it."""
    edge.block.apply(MADE.sharing("shop", "blog", "/login", slots[0]))
    blog = MADE.sharing("blog", "shop", own, slots[1])
    with pytest.raises(EdgeError, match=f"the path '{own}' is none of a door"):
        edge.block.apply(blog)
    assert edge.block.route("blog", "prod") is None
    plain = traefik_config(MADE.sharing("blog", "shop", "/plain", slots[1]))
    assert plain.count("/plain") > 1
    (edge.folder / "blog_prod.yml").write_text(plain.replace("/plain", own))
    edge.block.apply(MADE.sharing("shop", "blog", "/login", slots[0], fence=6))
    for path in ("/login", "/login/", "/login/x", "/%6Cogin", "/lo%67in"):
        assert answering(edge, path) == str(SHOP), path


def test_a_partner_that_takes_the_ready_path_stops_no_release_of_the_other(
    edge: EdgeProcess, slots: tuple[Target, Target]
) -> None:
    shop = MADE.sharing("shop", "blog", "/", slots[0])
    edge.block.apply(shop)
    edge.block.apply(MADE.sharing("blog", "shop", "/ready", slots[1]))
    edge.block.apply(MADE.sharing("shop", "blog", "/", replace(slots[0], deployment=3), fence=6))
    assert edge.block.serving(HOST, "/") == Served("shop", "prod", 3)
    assert [one.served for one in edge.block.answers(MADE.sharing("shop", "blog", "/", slots[0]))]


@pytest.mark.parametrize("broken", ["", "http: [broken", "# stack: blog\nhttp: {}"])
def test_a_broken_route_of_one_stack_takes_nothing_from_the_other(
    edge: EdgeProcess, both: tuple[Route, Route], broken: str
) -> None:
    (edge.folder / "blog_prod.yml").write_text(broken)
    edge.block.apply(replace(both[0], fence=6))
    end = time.monotonic() + 5
    while answering(edge, "/blog") != str(BLOG):
        assert time.monotonic() < end, "it was put back"
    assert answering(edge, "/") == str(SHOP)


def test_whoever_has_the_name_for_itself_gives_no_path_of_it_to_who_only_says_so(
    edge: EdgeProcess, slots: tuple[Target, Target]
) -> None:
    """An environment without `/` keeps the whole name too, as long as it shares it with nobody."""
    api = MADE.sharing("api", "shop", "/api", slots[0])
    edge.block.apply(replace(api, sharing=None))
    with pytest.raises(EdgeError, match=f"{HOST} belongs to api prod"):
        edge.block.apply(MADE.sharing("shop", "api", "/", slots[1]))
    assert answering(edge, "/") == "nobody"
    assert edge.get(HOST, "/").status_code == 404


def test_two_switches_at_once_cannot_both_have_a_path(
    edge: EdgeProcess, slots: tuple[Target, Target]
) -> None:
    import threading

    names, refused = [f"stack{number}" for number in range(4)], list[str]()

    def take(name: str) -> None:
        mine = MADE.sharing(name, "x", "/blog", slots[1])
        others = tuple(one for one in names if one != name)
        assert mine.sharing is not None
        try:
            edge.block.apply(replace(mine, sharing=Sharing(others, mine.sharing.places)))
        except EdgeError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=take, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert len(edge.block.routes().good) == 1
