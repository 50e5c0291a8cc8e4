"""Base services start beside nothing that has their data, name or port."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from blocks.docker.occupants import look_at
from tidegate.plan.claims import claims, only_new_volumes
from tidegate.plan.occupancy import BASE_LABEL, CONTROL_LABEL, Conflict, conflicts, way_out
from tidegate.plan.occupants import Mounted, Occupant, VolumePlace

BASE = "shop-prod"
DATA = "/var/lib/mysql"
Look = Callable[..., list[str]]


def model(
    volume: str = f"mysql-data:{DATA}", *, declared: dict[str, Any] | None = None, **service: Any
) -> dict[str, Any]:
    source, target = volume.split(":")
    kind = "bind" if source.startswith("/") else "volume"
    mounted = {"type": kind, "source": source, "target": target}
    return {
        "services": {"mysql": {"image": "mysql:8", "volumes": [mounted], **service}},
        "volumes": {"mysql-data": declared or {"name": f"{BASE}_mysql-data"}},
    }


def occupant(
    place: str = "",
    target: str = DATA,
    *,
    writable: bool = True,
    project: str = "by-hand",
    **given: Any,
) -> Occupant:
    mounts = (Mounted(place, frozenset({place}), target, writable),) if place else ()
    return Occupant(
        **{
            "id": "1",
            "name": "by-hand-mysql-1",
            "project": project,
            "service": "mysql",
            "mounts": mounts,
            "ports": frozenset(),
            **given,
        }
    )


def found(
    wanted: dict[str, Any],
    *there: Occupant,
    volumes: dict[str, VolumePlace] | None = None,
    known: Collection[str] = (),
    databases: Collection[str] = (),
    base: str = BASE,
) -> list[Conflict]:
    return conflicts(
        claims(wanted, ["mysql"], BASE, volumes or {}, look_at),
        there,
        base,
        known,
        lambda one: databases,
        slots=BASE,
    )


VOLUME = {f"{BASE}_mysql-data": VolumePlace("/engine/volumes/x/_data", "")}


def test_a_volume_that_another_container_has_mounted_is_refused_with_its_name() -> None:
    [one] = found(model(), occupant("/engine/volumes/x/_data"), volumes=VOLUME)
    assert one.text == (
        f"mysql: the container by-hand-mysql-1 of the compose project by-hand has {BASE}_mysql-data mounted"
    )


def test_an_environment_of_ours_is_refused_too() -> None:
    other = occupant(
        "/engine/volumes/x/_data", project="shop-staging", labels={BASE_LABEL: "shop-staging"}
    )
    assert found(model(), other, volumes=VOLUME, known=["shop-staging"])


def test_what_belongs_to_this_environment_is_not_in_its_way() -> None:
    slot = {"tidegate.stack": "shop", "tidegate.environment": "prod"}
    mine = [
        occupant("/engine/volumes/x/_data", project="shop-prod-3", labels=slot),
        occupant("/engine/volumes/x/_data", project=BASE),
        occupant(
            "/engine/volumes/x/_data", project="", labels={"tidegate.key": "prod/shop/3/backup"}
        ),
    ]
    assert found(model(), *mine, volumes=VOLUME) == []


def test_with_a_base_of_another_name_its_containers_and_our_slots_are_ours_and_the_base_of_before_is_not() -> (
    None
):
    slot = {"tidegate.stack": "shop", "tidegate.environment": "prod"}
    place = "/engine/volumes/x/_data"
    mine = [occupant(place, project="by-hand"), occupant(place, project="shop-prod-3", labels=slot)]
    assert found(model(), *mine, volumes=VOLUME, base="by-hand") == []
    assert found(
        model(),
        occupant(place, project=BASE, labels={BASE_LABEL: BASE}),
        volumes=VOLUME,
        base="by-hand",
    )


@pytest.mark.parametrize("theirs", ["data", "data/mysql", "data/../data", "link", ".", "data/"])
def test_a_folder_is_the_same_by_any_path(tmp_path: Path, theirs: str) -> None:
    (tmp_path / "data" / "mysql").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    other = occupant(look_at(f"{tmp_path}/{theirs}").real, "/elsewhere")
    assert found(model(f"{tmp_path}/data:{DATA}"), other)


def test_a_folder_with_a_longer_name_is_another_one(tmp_path: Path) -> None:
    assert (
        found(model(f"{tmp_path}/data:{DATA}"), occupant(f"{tmp_path}/data-of-another", "/x")) == []
    )


def test_a_volume_that_stands_for_a_folder_is_that_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    declared = {
        "name": "x",
        "driver_opts": {"type": "none", "o": "bind", "device": f"{tmp_path}/data"},
    }
    assert found(model(declared=declared), occupant(f"{tmp_path}/data", "/x"))


def test_what_is_only_read_or_is_no_data_may_be_shared(tmp_path: Path) -> None:
    (tmp_path / "my.cnf").touch()
    assert (
        found(model(f"{tmp_path}/my.cnf:/my.cnf"), occupant(f"{tmp_path}/my.cnf", "/my.cnf")) == []
    )
    assert found(model(f"{tmp_path}:/etc/mysql"), occupant(str(tmp_path), "/etc/mysql")) == []
    assert (
        found(
            model(f"{tmp_path}:/docker-entrypoint-initdb.d"),
            occupant(str(tmp_path), "/docker-entrypoint-initdb.d"),
        )
        == []
    )
    assert (
        found(
            model(f"{tmp_path}/data:{DATA}"),
            occupant(f"{tmp_path}/data", DATA, writable=False, service="copy"),
        )
        == []
    )


def test_the_same_service_of_a_project_of_nobody_s_would_be_left_behind_with_the_data() -> None:
    [one] = found(model(), occupant("/engine/volumes/old/_data"))
    assert (
        "by-hand-mysql-1 of the compose project by-hand seems to be it already, with its data in "
        in one.text
    )


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_an_empty_folder_beside_the_old_data_is_seen_too(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    assert found(model(f"{tmp_path}/{name}:{DATA}"), occupant("/engine/volumes/old/_data"))


def test_a_folder_with_data_is_a_choice(tmp_path: Path) -> None:
    (tmp_path / "rows").touch()
    assert found(model(f"{tmp_path}:{DATA}"), occupant("/engine/volumes/old/_data")) == []


@pytest.mark.parametrize(
    "other", [{"project": "mill-prod"}, {"labels": {BASE_LABEL: "mill-prod"}}, {"service": "db"}]
)
def test_another_stack_s_database_is_not_ours(other: dict[str, Any]) -> None:
    assert found(model(), occupant("/engine/volumes/old/_data", **other), known=["mill-prod"]) == []


def test_a_base_is_known_by_its_slots() -> None:
    slot = occupant(
        project="mill-prod-1",
        service="web-1",
        labels={"tidegate.stack": "mill", "tidegate.environment": "prod"},
    )
    assert found(model(), occupant("/engine/volumes/old/_data", project="mill-prod"), slot) == []


def test_a_database_of_another_name_is_another_application_s() -> None:
    wanted = model(environment={"MYSQL_DATABASE": "shop"})
    assert found(wanted, occupant("/engine/volumes/old/_data"), databases=["blog"]) == []
    assert found(wanted, occupant("/engine/volumes/old/_data"), databases=["shop"])
    assert found(wanted, occupant("/engine/volumes/old/_data"), databases=[])


def test_a_team_can_say_that_it_is_another_application() -> None:
    assert (
        found(
            model(labels={"tidegate.separate-data": "true"}), occupant("/engine/volumes/old/_data")
        )
        == []
    )
    assert found(
        model(labels={"tidegate.separate-data": "true"}),
        occupant("/engine/volumes/x/_data"),
        volumes=VOLUME,
    )


def test_tidegates_own_database_is_not_taken_for_an_applications() -> None:
    """`compose.yaml` has a `postgres` and a `redis` too. What they have mounted is still theirs."""
    own = {CONTROL_LABEL: ""}
    assert found(model(), occupant("/engine/volumes/old/_data"))
    assert found(model(), occupant("/engine/volumes/old/_data", labels=own)) == []
    assert found(model(), occupant("/engine/volumes/x/_data", labels=own), volumes=VOLUME)


def test_a_name_and_a_port_have_one_owner() -> None:
    wanted = model(
        container_name="shop-mysql",
        ports=[{"published": "3306", "host_ip": "127.0.0.1", "target": 3306}],
    )
    other = occupant(name="shop-mysql", ports=frozenset({("0.0.0.0", 3306)}))
    assert [one.text.rpartition("by-hand ")[2] for one in found(wanted, other)] == [
        "has the name shop-mysql",
        "has the port 3306",
    ]
    assert found(wanted, occupant(ports=frozenset({("10.0.0.1", 3306), ("127.0.0.1", 3307)}))) == []


def test_what_to_do_follows_from_what_the_other_one_has(tmp_path: Path) -> None:
    """A label frees no port, and data that are the same are never another application's."""
    scripts = found(model(f"{tmp_path}:/scripts"), occupant(str(tmp_path), "/other"))
    port = model(ports=[{"published": "3306", "host_ip": "", "target": 3306}])
    has_port = found(port, occupant(ports=frozenset({("", 3306)})))
    alike = found(model(), occupant("/engine/volumes/old/_data"))
    same = found(model(), occupant("/engine/volumes/x/_data"), volumes=VOLUME)
    every = (has_port, alike, same, scripts)
    said = [way_out(one, "tidegate adopt shop prod", "a.label") for one in every]
    assert ["a.label" in one for one in said] == [False, True, False, False]
    assert ["stop that container" in one for one in said] == [True, False, False, False]
    assert ["`read_only: [" in one for one in said] == [False, False, False, True]
    assert all("`tidegate adopt shop prod`" in one for one in said)


def test_a_folder_that_nobody_may_read_is_not_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> list[str]:
        raise PermissionError

    monkeypatch.setattr(os, "listdir", refuse)
    assert not look_at(str(tmp_path)).is_new


def uploads(**volumes: VolumePlace) -> dict[str, Any]:
    """What a released service would take, of whose volumes the engine has `volumes`."""
    wanted = model(
        "uploads:/uploads", container_name="web", ports=[{"published": "80", "target": 80}]
    )
    return only_new_volumes({**wanted, "volumes": {}}, ["mysql"], BASE, volumes)


def test_a_released_service_gets_no_empty_volume_beside_its_old_one() -> None:
    theirs = occupant(
        "/engine/volumes/hand_uploads/_data",
        "/uploads",
        name="web",
        ports=frozenset({("0.0.0.0", 80)}),
    )
    [one] = found(uploads(), theirs)
    assert one.text == (
        "mysql: the container web of the compose project by-hand seems to be it already, with its data in "
        "/engine/volumes/hand_uploads/_data"
    )


def test_a_volume_that_is_there_already_is_joined_without_a_question() -> None:
    there = {f"{BASE}_uploads": VolumePlace("/engine/volumes/u/_data", "")}
    assert uploads(**there)["services"] == {}
    assert list(uploads()["services"]) == ["mysql"]
