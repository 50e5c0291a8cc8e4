"""What runs by hand is told apart, compared with the compose files, and shown without a value of
its environment."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blocks.docker.occupants import look_at
from tasks.data.base import done_by_hand
from tasks.frame.open_environment import OpenEnvironment
from tidegate.facts import CheckResult, ContainerFacts
from tidegate.pages.adoption import WORDS, found_lines, found_page
from tidegate.plan.adoption import (
    CONFIG_FILES_LABEL,
    REVISION,
    VERSION,
    Found,
    FoundContainer,
    PublishedPort,
    found_of,
    hindrances,
    likely_projects,
    other_keys,
)
from tidegate.plan.claims import claims
from tidegate.plan.occupancy import BASE_LABEL
from tidegate.plan.occupants import Mounted, Occupant, VolumePlace
from tidegate.stack.checks import Answer, evaluate
from tidegate.stack.file import Stack
from tidegate.stack.showing import SmokeCheck
from tidegate.versions import AS_FOUND, Version

SHA = "0123456789abcdef0123456789abcdef01234567"
ANONYMOUS = "ab" * 32
PLACES = {
    name: VolumePlace(f"/engine/{name}", "")
    for name in ("umami_data", "umami_files", "other_files", ANONYMOUS)
}


def volume(name: str, target: str, *, writable: bool = True) -> Mounted:
    return Mounted(name, frozenset({f"/engine/{name}"}), target, writable)


WEB = FoundContainer(
    id="1",
    name="umami-web-1",
    service="web",
    state="running",
    started_at="2026-03-01T00:00:00Z",
    image="acme/web:1.4",
    image_id="sha256:aa",
    mounts=(volume("umami_files", "/files"),),
    ports=(PublishedPort("0.0.0.0", 3000, 8000),),
    environment={"A": "1", "PATH": "/bin"},
    image_environment={"PATH": "/bin"},
    networks=("umami_default",),
)
DB = replace(
    WEB,
    id="2",
    name="umami-db-1",
    service="db",
    image="mysql:8",
    mounts=(volume("umami_data", "/var/lib/mysql"),),
    ports=(),
    environment={},
)
SEED = replace(
    WEB, id="3", name="umami-seed-1", service="seed", state="exited", mounts=(), ports=()
)
MODEL: dict[str, Any] = {
    "services": {
        "web": {
            "environment": {"A": "1"},
            "volumes": [{"type": "volume", "source": "files", "target": "/files"}],
        },
        "seed": {},
        "db": {
            "environment": {"MYSQL_DATABASE": "umami"},
            "volumes": [{"type": "volume", "source": "data", "target": "/var/lib/mysql"}],
        },
    },
    "volumes": {"data": {"name": "umami_data"}, "files": {"name": "umami_files"}},
}
RELEASED = ("web", "seed")


def found(*there: FoundContainer, sizes: dict[str, int] | None = None) -> Found:
    return found_of("umami", there or (WEB, DB, SEED), RELEASED, {"seed"}, MODEL, sizes or {})


def why_not(what: Found, model: dict[str, Any] = MODEL) -> list[str]:
    there = {one.service for one in what.every} & model["services"].keys()
    return hindrances(what, RELEASED, claims(model, there, "umami", PLACES, look_at))


def test_what_serves_what_has_ended_and_what_has_the_data_are_told_apart() -> None:
    what = found()
    assert (
        [one.name for one in what.taken],
        [one.name for one in what.ended],
        [one.name for one in what.kept],
    ) == (["umami-web-1"], ["umami-seed-1"], ["umami-db-1"])
    assert what.volumes == {"umami_files": ["web"], "umami_data": ["db"]}
    assert why_not(what) == why_not(found(WEB, DB)) == []  # nobody needs the container of a job


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"mounts": (volume("other_files", "/files"),)},
            "web: /files is other_files in umami-web-1, and umami_files in the compose files",
        ),
        (
            {"mounts": ()},
            "web: the compose files mount umami_files at /files, and umami-web-1 has nothing there: "
            "what it wrote is inside the container",
        ),
        ({"state": "exited"}, "web: umami-web-1 is exited"),
        ({"labels": {"tidegate.deployment": "3"}}, "web: Tidegate has started umami-web-1"),
    ],
)
def test_what_the_next_release_would_not_see_is_refused_by_name(
    changes: dict[str, Any], reason: str
) -> None:
    assert why_not(found(replace(WEB, **changes), DB, SEED)) == [reason]


def test_a_label_of_the_team_that_begins_as_ours_do_is_no_sign_of_ours() -> None:
    labels = {"tidegate.singleton": "false", "tidegate.stack": "shop"}
    assert why_not(found(replace(WEB, labels=labels), DB, SEED)) == []


def test_data_in_a_volume_without_a_name_are_refused_with_the_line_that_names_it_and_an_empty_one_is_not() -> (
    None
):
    with_one = replace(WEB, mounts=(*WEB.mounts, volume(ANONYMOUS, "/cache")))
    [text] = why_not(found(with_one, DB, SEED, sizes={ANONYMOUS: 5}))
    assert text.endswith(f"Name it: `volumes: {{data: {{name: {ANONYMOUS}, external: true}}}}`")
    assert why_not(found(with_one, DB, SEED))  # of unknown size
    assert why_not(found(with_one, DB, SEED, sizes={ANONYMOUS: 0})) == []


def test_a_released_service_without_a_container_and_a_database_that_is_stopped_are_refused() -> (
    None
):
    assert why_not(found(SEED, replace(DB, state="exited"))) == [
        "web: no container of it is in the project umami",
        "db: umami-db-1 is exited, and its data are needed",
    ]


def test_env_keys_that_differ_are_told_by_name_and_what_the_image_sets_is_no_difference() -> None:
    assert other_keys(WEB, MODEL) == ()
    assert other_keys(replace(WEB, environment={"A": "2", "B": "3", "PATH": "/bin"}), MODEL) == (
        "A",
        "B",
    )
    assert other_keys(replace(WEB, environment={"PATH": "/opt/bin"}), MODEL) == ("A", "PATH")


@pytest.mark.parametrize(
    ("image", "labels", "version"),
    [
        ("acme/web:1.4.2", {}, ("1.4.2", None)),
        ("acme/web:v1.4.2", {REVISION: SHA}, ("v1.4.2", SHA)),
        ("acme/web:prod", {REVISION: SHA}, (AS_FOUND, None)),
        ("acme/web", {}, (AS_FOUND, None)),
        ("acme/web:latest", {VERSION: "24.04"}, (AS_FOUND, None)),  # the base image's own
        ("acme/web:1.4@sha256:" + "a" * 64, {REVISION: SHA, VERSION: "v1.4.2"}, ("v1.4.2", SHA)),
        ("registry.test:5000/acme/web", {REVISION: "main", VERSION: "a b"}, (AS_FOUND, None)),
    ],
)
def test_what_runs_is_called_as_its_image_says(
    image: str, labels: dict[str, str], version: tuple[str, str | None]
) -> None:
    assert found(replace(WEB, image=image, image_labels=labels), DB, SEED).version("web") == version


def test_an_image_is_found_again_by_its_digest_and_one_that_no_registry_has_by_its_id() -> None:
    digests = ("mirror.test/web@sha256:bb", "acme/web@sha256:cc")
    assert (replace(WEB, digests=digests).pin, WEB.pin) == ("acme/web@sha256:cc", "sha256:aa")


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("kept", [frozenset(), frozenset({3000})])
def test_the_page_names_everything_and_shows_no_value_of_the_environment(
    language: str, kept: frozenset[int]
) -> None:
    secret = "a-value-that-nobody-may-see"
    what = found(replace(WEB, environment={"KEY": secret}), DB, SEED, sizes={"umami_data": 3 << 20})
    stack = cast(
        Stack,
        SimpleNamespace(
            name="umami",
            language=language,
            time_zone="Asia/Tokyo",
            environments={"prod": SimpleNamespace(hosts=("umami.test",), kept_numbers=kept)},
        ),
    )
    page = found_page(stack, "prod", what, "http://127.0.0.1:8080")
    log = "\n".join(found_lines(stack, "prod", what))
    assert "2026-03-01 09:00 (Asia/Tokyo)" in page
    containers = ("umami-web-1", "umami-db-1", "umami-seed-1")
    for word in (*containers, "umami_data", "3.0 MiB", "0.0.0.0:3000 → 8000", "KEY"):
        assert word in page
        assert word in log
    assert "proxy_pass http://127.0.0.1:8080;" in page
    text = WORDS[language]["port_kept" if kept else "port"].partition("}")[2][-12:]
    assert text in page
    assert secret not in page + log


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def occupant(name: str, project: str, service: str, **labels: str) -> Occupant:
    return Occupant("1", name, project, service, (), frozenset(), labels)


UMAMI = [occupant(f"umami-{service}-1", "umami", service) for service in ("web", "seed", "db")]


def test_a_project_that_has_all_services_looks_like_it_and_one_of_ours_does_not() -> None:
    ours = [
        occupant("mill-web", "mill-prod", "web"),
        occupant("mill-db", "mill-prod", "db"),
        occupant("s", "mill-prod", "seed"),
    ]
    base = [replace(one, project="x", labels={BASE_LABEL: "x"}) for one in UMAMI]
    assert list(likely_projects(MODEL, [], [*UMAMI, *ours, *base], {"mill-prod"})) == ["umami"]
    assert likely_projects(MODEL, [], UMAMI[:2], ()) == {}


def test_a_project_with_the_same_file_or_name_is_it_whatever_others_look_like_it() -> None:
    named = {"services": {**MODEL["services"], "web": {"container_name": "the-web"}}, "volumes": {}}
    other = occupant("the-web", "other", "frontend")
    assert list(likely_projects(named, [], [*UMAMI, other], ())) == ["other"]
    filed = occupant("a", "filed", "app")
    filed = replace(filed, labels={CONFIG_FILES_LABEL: "/srv/a.yml,/srv/b.yml"})
    assert list(likely_projects(MODEL, ["/srv/b.yml"], [*UMAMI, filed], ())) == ["filed"]


def test_a_version_that_nobody_knows_is_not_compared_and_a_known_one_is() -> None:
    check = SmokeCheck(name="version", path="/version", shows_version=True)
    answer = Answer(status=200, body=b'{"version": "9"}')

    def outcome(name: str) -> CheckResult:
        return evaluate(check, answer, Version(name, None, {"web": "sha256:aa"}))

    assert (outcome(AS_FOUND).outcome, outcome("v1.4.2").outcome) == ("pass", "fail")


@pytest.mark.parametrize(
    ("is_taken_over", "exit_code", "done"),
    [(True, 0, {"seed"}), (True, 1, set()), (False, 0, set())],
)
def test_a_seed_that_ended_well_by_hand_is_not_run_again(
    is_taken_over: bool, exit_code: int, done: set[str]
) -> None:
    seed = ContainerFacts(
        id="3",
        name="umami-seed-1",
        service="seed",
        image_id="",
        state="exited",
        health="none",
        restarts=0,
        exit_code=exit_code,
    )
    adoption = SimpleNamespace(
        kind="adoption", was_good=True, environment="prod", stack="umami", number=1
    )
    note = SimpleNamespace(is_done=True, evidence={"containers": [{"id": "1"}]})
    ledger = SimpleNamespace(
        deployments=SimpleNamespace(history=lambda *_: [adoption] if is_taken_over else []),
        journal=SimpleNamespace(key=lambda *_: "", get=lambda key: note),
    )
    stack = SimpleNamespace(
        name="umami", databases=(), services=(SimpleNamespace(name="web"),), folder="/"
    )
    model = {"services": {"web": {}, "seed": {"restart": "no"}}}
    env = SimpleNamespace(
        host=SimpleNamespace(containers=lambda labels: [seed]),
        base_project="umami",
        name="prod",
        stack=stack,
        released=["web"],
        ledger=ledger,
        contents={},
        written=(),
    )
    assert done_by_hand(cast(OpenEnvironment, env), model) == done
