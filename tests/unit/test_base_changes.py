"""What a change of base services is about: what differs by name, and what is refused because data
would be away."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tidegate.facts import ComposeModel
from tidegate.pages.base import base_page
from tidegate.plan.adoption import FoundContainer, PublishedPort
from tidegate.plan.base_changes import CONFIG_HASH_LABEL, BaseChange, BasePlan
from tidegate.plan.base_differences import (
    differences,
    needed_by,
    older_server,
    refusals,
    start_seconds,
    stop_seconds,
)
from tidegate.plan.claims import Claim
from tidegate.plan.occupants import Mounted

SERVICE: dict[str, Any] = {
    "image": "mysql:8.0",
    "command": ["--max-connections=100"],
    "environment": {"MYSQL_DATABASE": "shop", "TZ": "UTC"},
    "ports": [{"published": "3306", "target": 3306}],
    "volumes": [{"type": "volume", "source": "data", "target": "/var/lib/mysql"}],
    "secrets": [{"source": "password", "target": "password"}],
}
DB = FoundContainer(
    id="c1",
    name="shop-prod-db-1",
    service="db",
    state="running",
    started_at="2026-03-01T00:00:00Z",
    image="mysql:8.0",
    image_id="sha256:aa",
    labels={CONFIG_HASH_LABEL: "then"},
    mounts=(
        Mounted("shop-prod_data", frozenset({"/volumes/data"}), "/var/lib/mysql", True),
        Mounted(
            "/srv/shop/password", frozenset({"/srv/shop/password"}), "/run/secrets/password", False
        ),
        Mounted("a" * 64, frozenset({"/volumes/a"}), "/docker", True),
    ),
    ports=(PublishedPort("0.0.0.0", 3306, 3306),),
    environment={"MYSQL_DATABASE": "shop", "TZ": "UTC", "PATH": "/bin"},
    image_environment={"PATH": "/bin"},
    command=("--max-connections=100",),
)


def differing(
    container: FoundContainer = DB,
    *,
    hashes: tuple[str, ...] = ("now",),
    image_id: str | None = "sha256:aa",
    files: tuple[str, ...] = (),
    **changes: Any,
) -> tuple[str, ...]:
    model = {"services": {"db": {**SERVICE, **changes}}}
    return differences(container, model, hashes, image_id, files)


def test_what_compose_calls_as_before_is_as_before() -> None:
    assert differing(hashes=("then",)) == ()
    assert differing(hashes=("as people start it", "then")) == ()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"command": ["--max-connections=200"]}, ("command",)),
        ({"command": None}, ("command",)),
        ({"environment": {"MYSQL_DATABASE": "shop", "TZ": "Asia/Tokyo"}}, ("environment.TZ",)),
        ({"environment": {"MYSQL_DATABASE": "shop"}}, ("environment.TZ",)),
        ({"ports": []}, ("ports",)),
        (
            {"volumes": [*SERVICE["volumes"], {"type": "bind", "target": "/etc/my.cnf"}]},
            ("volumes",),
        ),
        ({"healthcheck": {"test": ["CMD", "true"]}}, ("another setting",)),
    ],
)
def test_what_differs_is_named_and_no_value_is(
    changes: dict[str, Any], named: tuple[str, ...]
) -> None:
    assert differing(**changes) == named


def test_another_image_is_named_also_where_its_name_stayed() -> None:
    assert differing(image="mysql:8.4", image_id="sha256:bb") == ("image",)
    assert differing(hashes=("then",), image_id="sha256:bb") == ("image",)
    assert differing(hashes=("then",), image_id=None) == ()


def test_a_file_that_has_changed_is_named_although_compose_sees_nothing() -> None:
    assert differing(hashes=("then",), files=("nginx.conf",)) == ("file nginx.conf",)


def claim(*mounts: Mounted) -> Claim:
    return Claim("db", "", mounts, (), frozenset(), is_separate=False)


def volume(name: str, target: str = "/var/lib/mysql") -> Mounted:
    return Mounted(name, frozenset({f"/volumes/{name.rpartition('_')[2]}"}), target, True)


def test_the_volume_of_before_is_no_reason_and_neither_is_one_of_the_image_alone() -> None:
    assert list(refusals(DB, claim(volume("shop-prod_data")), is_database=True)) == []


def test_another_volume_is_refused_with_both_names() -> None:
    [said] = refusals(DB, claim(volume("shop-prod_new")), is_database=True)
    assert said == (
        "db: /var/lib/mysql is shop-prod_data in shop-prod-db-1, and shop-prod_new in the "
        "compose files: its data would be away"
    )


def test_a_volume_that_is_taken_out_is_refused() -> None:
    [said] = refusals(DB, claim(), is_database=True)
    assert "shop-prod_data in shop-prod-db-1, and the compose files name nothing there" in said


def test_a_volume_in_the_place_of_one_that_only_the_image_asked_for_is_refused() -> None:
    wanted = claim(volume("shop-prod_data"), volume("shop-prod_more", "/docker"))
    [said] = refusals(DB, wanted, is_database=True)
    assert f"/docker is {'a' * 64}" in said


def test_a_database_whose_data_lie_inside_its_container_is_refused() -> None:
    inside = replace(DB, mounts=())
    [said] = refusals(inside, claim(volume("shop-prod_data")), is_database=True)
    assert "its data lie inside the container" in said
    assert list(refusals(inside, claim(), is_database=False)) == []


@pytest.mark.parametrize(
    ("engine", "old", "new", "is_older"),
    [
        ("mysql", "mysql:8.4", "mysql:8.0", True),
        ("mysql", "mysql:8.4.1", "mysql:8.4.0", False),
        ("mysql", "mysql:8", "mysql:8.4", False),
        ("mysql", "mysql:8.0", "mysql:8.4", False),
        ("mysql", "mariadb:11.4", "mariadb:10.11", True),
        ("mysql", "registry:5000/acme/mysql:8.4", "registry:5000/acme/mysql:8.0", True),
        ("mysql", "mysql:8.4", "percona:8.0", False),
        ("mysql", "mysql:lts", "mysql:8.0", False),
        ("postgresql", "postgres:17-alpine", "postgres:16-alpine", True),
        ("redis", "redis:7-alpine", "redis:6-alpine", True),
        ("postgresql", "postgres:16.4", "postgres:16.3", False),
        ("postgresql", "sha256:aa", "postgres:16", False),
    ],
)
def test_an_older_server_is_refused_where_its_tag_says_so(
    engine: str, old: str, new: str, is_older: bool
) -> None:
    found = list(older_server("db", engine, old, new))
    assert bool(found) == is_older
    if found:
        assert f"{new} is older than {old}" in found[0]


def test_a_base_service_is_needed_also_by_way_of_another_one() -> None:
    model: ComposeModel = {
        "services": {
            "web": {"depends_on": {"pooler": {}}},
            "pooler": {"depends_on": {"db": {}}},
            "db": {},
            "mail": {},
        }
    }
    assert needed_by(model, ["web"]) == {"pooler", "db"}


def test_its_own_check_says_how_long_it_may_take() -> None:
    check = {
        "test": ["CMD", "true"],
        "interval": "5s",
        "timeout": "5s",
        "retries": 60,
        "start_period": "1m30s",
    }
    assert start_seconds({"healthcheck": check}, has_other_image=False) == 690
    assert start_seconds({}, has_other_image=False) == 60
    assert start_seconds({}, has_other_image=True) == 900
    assert stop_seconds({"stop_grace_period": "1m0s"}) == 60
    assert stop_seconds({}) == 10


CHANGE = BaseChange(
    "db",
    "c1",
    "mysql:8.0",
    "mysql:8.4",
    "sha256:bb",
    ("image", "command"),
    ("main",),
    ("shop-prod_data",),
    10.0,
    60.0,
)
PLAN = BasePlan(
    stack="shop",
    environment="prod",
    serving="d1",
    version="v1.0.0",
    changes=(CHANGE,),
    configuration="h",
    is_closed=True,
    saves=True,
    asks=True,
    files={},
    removed=("adminer",),
    missing=("cache",),
)


def test_a_plan_is_the_same_when_it_was_kept() -> None:
    kept = BasePlan.of(json.loads(json.dumps(PLAN.facts)))
    assert kept == PLAN
    assert kept.hash == PLAN.hash
    assert replace(PLAN, changes=(replace(CHANGE, container="c2"),)).hash != PLAN.hash


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_what_changes_what_stays_and_how_long_people_wait(language: str) -> None:
    page = base_page(PLAN, language, time_zone="UTC", backup=None)
    for said in ("`mysql:8.0` → `mysql:8.4`", "`main`", "`shop-prod_data`", "10 / 60", "503"):
        assert said in page
    assert "`adminer`" in page
    assert "`cache`" in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_of_a_plan_without_a_change_says_so(language: str) -> None:
    page = base_page(replace(PLAN, changes=()), language, time_zone="UTC", backup=None)
    assert "503" not in page
    assert "Compose" in page or "compose" in page
