"""Places of the host: what containers write stays where it is, what they only read goes with the
release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidegate.errors import ConfigError, StackFileError
from tidegate.plan import sealed_files
from tidegate.plan.occupancy import shared_places
from tidegate.plan.occupants import Mounted, Occupant
from tidegate.plan.sealed_files import files_of, refuse_too_large, with_copies
from tidegate.stack.bind_mounts import (
    is_local,
    missing_files,
    out_of_reach,
    unmounted,
    written_places,
)
from tidegate.stack.data import State

TEAM = Path("/srv/shop")


def state(*files: str, scratch: tuple[str, ...] = ()) -> State:
    reason = "is made anew when it is gone"
    return State.model_validate(
        {"files": files, "scratch": [{"path": path, "reason": reason} for path in scratch]}
    )


def mount(source: Path | str, target: str, *, read_only: bool = False) -> dict[str, Any]:
    return {"type": "bind", "source": str(source), "target": target, "read_only": read_only}


def model(**services: list[dict[str, Any]]) -> dict[str, Any]:
    return {"services": {name: {"volumes": mounts} for name, mounts in services.items()}}


def test_a_place_is_named_as_the_compose_file_names_it() -> None:
    found = written_places(
        state("./media", "/srv/big", "${UPLOADS}", scratch=("tmp",)), TEAM, {"UPLOADS": "./up"}
    )
    assert [one.path for one in found] == [
        "/srv/shop/media",
        "/srv/big",
        "/srv/shop/up",
        "/srv/shop/tmp",
    ]
    assert [one.part for one in found] == [
        "files:media",
        "files:%2Fsrv%2Fbig",
        "files:${UPLOADS}",
        "files:tmp",
    ]
    assert [bool(one.reason) for one in found] == [False, False, False, True]


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        (state("${UPLOADS}"), r"state\.files\[0\]: the env file has no value for \$\{UPLOADS\}"),
        (state("/srv"), r"state\.files\[0\]: /srv holds stack\.yaml itself"),
        (
            state("./data", scratch=("./data/tmp",)),
            r"state\.scratch\[0\]: ./data/tmp lies in ./data, which is named too",
        ),
        (state("./data", "data"), r"state\.files\[1\]: data lies in ./data, which is named too"),
    ],
)
def test_a_place_that_leads_nowhere_is_a_fault_with_its_path(declared: State, fault: str) -> None:
    with pytest.raises(StackFileError, match=fault):
        written_places(declared, TEAM, {})


def test_a_name_that_nothing_mounts_is_a_fault() -> None:
    named = written_places(state("./media", "./medai"), TEAM, {})
    assert unmounted(model(web=[mount("/srv/shop/media/a", "/m", read_only=True)]), named) == [
        "state: ./medai is mounted by no service of the compose files"
    ]


def test_a_file_that_is_not_there_is_asked_for_before_the_engine_makes_a_folder_of_it(
    tmp_path: Path,
) -> None:
    named = written_places(state("./app.sqlite3", "./media"), tmp_path, {})
    assert missing_files(named) == [
        "state: ./app.sqlite3 is not there: make it (`touch`), or the engine makes a folder of that name"
    ]
    (tmp_path / "app.sqlite3").touch()
    assert missing_files(named) == []


def test_what_is_written_is_shared_and_not_copied_and_what_is_read_is_copied(
    tmp_path: Path,
) -> None:
    for name in ("media/one", "certs/key", "nginx.conf", "conf/a.conf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    mounts = [
        mount(tmp_path / "media", "/m", read_only=True),
        mount(tmp_path / "certs", "/c", read_only=True),
        mount(tmp_path / "nginx.conf", "/n", read_only=True),
        mount(tmp_path / "conf", "/f", read_only=True),
    ]
    read = model(web=mounts, certbot=[mount(tmp_path / "certs", "/c")])
    named = written_places(state("./media"), tmp_path, {})
    assert list(files_of(read, tmp_path, ["web", "certbot"], named)) == [
        "conf/a.conf",
        "nginx.conf",
    ]
    moved = with_copies(read, tmp_path, Path("/copies"), named)["services"]["web"]["volumes"]
    assert [one["source"] for one in moved] == [
        str(tmp_path / "media"),
        str(tmp_path / "certs"),
        "/copies/nginx.conf",
        "/copies/conf",
    ]


def test_too_much_for_a_copy_with_each_release_is_refused_with_the_largest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_files, "MOST_BYTES", 3 << 20)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(bytes(2 << 20))
    with pytest.raises(
        ConfigError,
        match=r"they have 4 MiB, 3 at most \(the largest: a, 2 MiB, b, 2 MiB\).*state.files",
    ):
        refuse_too_large({name: tmp_path / name for name in ("a", "b")})


@pytest.mark.parametrize(
    ("engine", "here"),
    [
        ("", True),
        ("unix:///run/x.sock", True),
        ("tcp://127.0.0.1:2375", True),
        ("ssh://me@localhost", True),
        ("ssh://deploy@10.0.0.7", False),
        ("tcp://docker.example:2376", False),
        ("tcp://localhost.example:1", False),
    ],
)
def test_an_engine_on_another_machine_is_told_from_one_on_this(engine: str, here: bool) -> None:
    assert is_local(engine) is here


def test_an_engine_elsewhere_finds_nothing_of_the_teams_folder() -> None:
    read = {
        **model(
            web=[mount("/srv/shop/nginx.conf", "/n", read_only=True), mount("/srv/other", "/o")]
        ),
        "secrets": {"token": {"file": "/srv/shop/token.txt"}, "given": {"environment": "TOKEN"}},
    }
    assert out_of_reach(read, TEAM, "") == []
    assert out_of_reach(read, TEAM, "ssh://a@b") == [
        "services.web.volumes: /n comes from ./nginx.conf, which is on this machine and not on ssh://a@b",
        "secrets.token comes from ./token.txt, which is on this machine and not on ssh://a@b",
    ]


@pytest.mark.parametrize(
    ("labels", "taken"),
    [
        ({"tidegate.stack": "shop", "tidegate.environment": "staging"}, True),
        ({"tidegate.base": "shop-staging"}, True),
        ({"tidegate.base": "shop-prod"}, False),
        ({}, False),
    ],
)
def test_two_environments_do_not_write_into_one_place(labels: dict[str, str], taken: bool) -> None:
    one = Occupant(
        "1",
        "web-1",
        "p",
        "web",
        (Mounted("/srv/shop/media", frozenset({"/srv/shop/media"}), "/m", is_writable=True),),
        frozenset(),
        labels,
    )
    found = shared_places(
        {"./media": "/srv/shop/media", "./other": "/srv/shop/other"},
        [one],
        "shop-prod",
        slots="shop-prod",
    )
    assert found == (
        ["./media: the container web-1 of the compose project p has /srv/shop/media mounted"]
        if taken
        else []
    )
