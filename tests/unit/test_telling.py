"""What the edge is told of a release beside who serves: which names and paths each has until the
switch, and after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.traffic.telling import Telling
from tidegate.edge.facts import Door, DoorPlace, Route, Sharing, Target
from tidegate.errors import LedgerError

OLD, NEW = Target(6, "http://shop-prod-6-web:80"), Target(7, "http://shop-prod-7-web:80")


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


def there(*domains: str, **changes: Any) -> Route:
    """Number 6 serves these names."""
    route = Route("shop", "prod", domains, (OLD,), None, None, 4, "/old-ready", https=False)
    return replace(route, **changes)


def telling(
    route: Route | None,
    *domains: str,
    partners: tuple[str, ...] = (),
    kind: str = "release",
    was_good: bool = False,
    fence: int | None = 9,
) -> Telling:
    """Number 7 comes, with these names."""
    config = SimpleNamespace(
        domains=domains, hosts=domains, shares_names_with=partners, callings=(), https=True
    )
    web = SimpleNamespace(name="web", port=80, ready_path="/ready")
    stack = SimpleNamespace(name="shop", services=(web,), routes=(), environments={"prod": config})
    edge = SimpleNamespace(
        route=lambda stack, name: route, mend=list, routes=lambda: SimpleNamespace(good=[])
    )
    work: Any = SimpleNamespace(
        env=SimpleNamespace(
            stack=stack, name="prod", config=config, edge=edge, ready_path="/ready"
        ),
        deployment=SimpleNamespace(kind=kind, was_good=was_good),
        lock=None if fence is None else SimpleNamespace(fence=fence),
        title="shop prod #7",
        target=lambda: NEW,
    )
    return Telling(work)


def doors(target: Target | None) -> list[tuple[str, str]]:
    return [(host, one.path) for one in (target.doors if target else ()) for host in one.hosts]


def test_a_first_release_begins_with_nobody_serving() -> None:
    now = telling(None, "shop.test").now
    assert (now.targets, now.standby, now.candidate, now.sharing) == ((), None, None, None)
    assert (now.domains, now.fence, now.ready_path, now.https) == (
        ("shop.test",),
        9,
        "/ready",
        True,
    )


def test_who_serves_the_same_names_needs_no_doors() -> None:
    now = telling(there("shop.test"), "shop.test").now
    assert now.targets == (OLD,)
    assert now.domains == ("shop.test",)


def test_who_serves_other_names_keeps_those_and_gets_no_others() -> None:
    route = there("old.test", standby=Target(5, "http://shop-prod-5-web:80"))
    now = telling(route, "new.test").now
    assert doors(now.targets[0]) == [("old.test", "/")]
    assert doors(now.standby) == [("old.test", "/")]
    assert now.targets[0].doors[0].ready_path == "/old-ready"
    assert set(now.domains) == {"new.test", "old.test"}


def test_behind_a_name_that_is_shared_who_serves_has_doors_too() -> None:
    now = telling(there("shop.test"), "shop.test", partners=("blog",)).now
    assert doors(now.targets[0]) == [("shop.test", "/")]
    assert now.sharing == Sharing(("blog",), (DoorPlace("shop.test", "/"),), begun=True)


@pytest.mark.parametrize(
    ("route", "begun"),
    [
        (None, False),
        (there("shop.test"), True),
        (there("shop.test", sharing=Sharing(("blog",), (), begun=False)), False),
        (there("shop.test", sharing=Sharing(("blog",), (), begun=True)), True),
    ],
)
def test_it_has_begun_to_share_when_it_has_served(route: Route | None, begun: bool) -> None:
    sharing = telling(route, "shop.test", partners=("blog",)).now.sharing
    assert sharing is not None
    assert sharing.begun is begun


def test_one_that_is_closed_keeps_its_paths_meanwhile() -> None:
    places = (DoorPlace("old.test", "/shop"),)
    sharing = Sharing(("blog",), places, begun=True)
    now = telling(
        there("old.test", targets=(), sharing=sharing), "shop.test", partners=("blog",)
    ).now
    assert now.sharing is not None
    assert set(now.sharing.places) == {DoorPlace("shop.test", "/"), *places}


def test_after_the_switch_it_has_its_own_names_alone() -> None:
    serving = telling(there("old.test"), "new.test").serving(OLD)
    assert (serving.targets, serving.standby, serving.candidate) == ((NEW,), OLD, None)
    assert serving.domains == ("new.test",)
    assert serving.sharing is None
    shared = telling(None, "new.test", partners=("blog",)).serving(None)
    assert shared.sharing is not None
    assert shared.sharing.begun


def test_withdrawn_it_leaves_who_serves_the_names_where_that_has_doors() -> None:
    told = telling(there("shop.test", candidate=NEW), "shop.test")
    assert told.withdrawn.candidate is None
    assert told.withdrawn.domains == ("shop.test",)
    renamed = telling(there("old.test", candidate=NEW), "new.test")
    assert renamed.withdrawn.domains == ("old.test",)
    shared = telling(there("old.test"), "new.test", partners=("blog",)).withdrawn
    assert shared.sharing is not None
    assert shared.sharing.places == (DoorPlace("old.test", "/"),)


@pytest.mark.parametrize(
    ("kind", "was_good", "partners"),
    [
        ("release", False, ("blog",)),
        ("release", True, ("blog", "news")),
        ("rollback", False, ("blog", "news")),
        ("restore", False, ("blog", "news")),
        ("adoption", False, ("blog",)),
    ],
)
def test_a_way_back_lets_those_stay_that_are_there(
    kind: str, was_good: bool, partners: tuple[str, ...]
) -> None:
    route = there("shop.test", sharing=Sharing(("news",), (), begun=True))
    told = telling(route, "shop.test", partners=("blog",), kind=kind, was_good=was_good)
    assert told.partners == partners


def before(told: Telling, **changes: Any) -> Any:
    """The version that served, planned as the new one but for these."""
    env = told.work.env
    config = SimpleNamespace(**{**vars(env.config), **changes.pop("config", {})})
    own = {**vars(env), "config": config, **changes}
    return SimpleNamespace(env=SimpleNamespace(**own), target=lambda: OLD)


@pytest.mark.parametrize(
    ("changes", "stands_by"),
    [
        ({}, True),
        ({"ready_path": "/other"}, False),
        ({"config": {"https": False}}, False),
        ({"config": {"hosts": ("old.test",)}}, False),
        ({"config": {"hosts": ("old.test", "shop.test")}}, True),
    ],
)
def test_the_old_slot_stands_behind_where_it_is_asked_alike(
    changes: dict[str, Any], stands_by: bool
) -> None:
    told = telling(there("shop.test"), "shop.test")
    assert told.standby(before(told, **changes)) == (OLD if stands_by else None)


@pytest.mark.parametrize(("old", "stands_by"), [("shop.test", True), ("www.test", False)])
def test_it_must_have_the_first_name_at_which_it_is_asked(old: str, stands_by: bool) -> None:
    told = telling(there("shop.test"), "shop.test", "www.test")
    assert told.standby(before(told, config={"hosts": (old,)})) == (OLD if stands_by else None)


def test_one_with_other_doors_cannot_stand_for_it() -> None:
    told = telling(there("shop.test"), "shop.test")
    other = before(told)
    door = Door(("shop.test",), "/api", "http://shop-prod-6-api:80", "/ready")
    other.target = lambda: replace(OLD, doors=(door,))
    assert told.standby(other) is None


def test_without_a_lock_nothing_is_told() -> None:
    with pytest.raises(LedgerError, match="no lock is held"):
        _ = telling(None, "shop.test", fence=None).now
