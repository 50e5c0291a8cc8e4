"""What keeps a release from beginning: each is refused by its name, with what to do, and nothing is
started."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect.flows import Flow

from flows.adopt import adopt
from flows.base import base
from flows.release import release
from tests.flows.asking import ADOPTION, BASE, asked
from tests.flows.beginnings import edit_database, run_by_hand
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.judging import faults, serving
from tests.flows.stories import Story, settle
from tests.world.by_hand import start_by_hand
from tests.world.compose import MemoryCompose
from tests.world.edge import MemoryEdge
from tests.world.world import model_of
from tidegate.edge.facts import Served
from tidegate.facts import ComposeModel
from tidegate.ledger.tables import Lock
from tidegate.policy.states import DeploymentState


def begun(library: Library, *before: str, with_staging: bool = False) -> Installation:
    return library.begin(Story("refused", release, {}, before=before, with_staging=with_staging))


def refused(made: Installation, flow: Flow[Any, Any] = release, **changed: Any) -> str:
    """What the run says. All containers are as they were."""
    there = dict(made.world.engine.containers_by_name)
    given = BASE if flow is base else asked("v1.1.0")
    state = made.prefect.start(flow, **{**given, **changed}).state
    assert state.is_failed()
    assert made.world.engine.containers_by_name == there
    return str(state.message)


def file(made: Installation, name: str) -> Path:
    return made.home.parent / "stacks" / "shop" / name


@pytest.fixture
def edit_env(library: Library) -> Iterator[Callable[..., None]]:
    """The env file is as it was afterwards: a story begins with the same one."""
    before = {name: file(library.made, name).read_text() for name in (".env", ".env.staging")}

    def edit(old: str, new: str, name: str = ".env") -> None:
        text = file(library.made, name).read_text()
        assert old in text
        file(library.made, name).write_text(text.replace(old, new))

    yield edit
    for name, text in before.items():
        file(library.made, name).write_text(text)


def test_a_default_password_is_refused_with_the_key_that_has_it(
    library: Library, edit_env: Callable[..., None]
) -> None:
    made = begun(library, "v1.0.0")
    edit_env("a-long-password-of-no-meaning", "changeme")
    said = refused(made)
    assert "reading shop/.env: DB_PASSWORD: " in said
    assert "changeme" not in said
    assert "setting: default-password" in said


def test_an_environment_that_the_stack_has_not_is_told_with_those_that_it_has(
    library: Library,
) -> None:
    assert "it has only prod" in refused(begun(library, "v1.0.0"), environment="qa")


def test_what_runs_by_hand_is_taken_over_first(library: Library) -> None:
    made = begun(library)
    run_by_hand(made)
    said = refused(made)
    assert "web: " in said
    assert "Nothing was started. Take it over as it runs: `tidegate adopt shop prod`" in said


def test_another_environment_s_containers_of_the_same_name_are_none_of_its_own(
    library: Library,
) -> None:
    made = begun(library, with_staging=True)
    made.world.edited["web"] = {"container_name": "shop-prod-web-1"}
    run_by_hand(made)
    assert made.prefect.start(adopt, **ADOPTION).state.is_completed()
    run = made.prefect.start(release, **asked("v1.0.0", environment="staging"))
    assert run.state.is_completed(), run.state.message


def test_what_somebody_started_beside_it_is_to_be_removed(library: Library) -> None:
    made = begun(library)
    run_by_hand(made)
    assert made.prefect.start(adopt, **ADOPTION).state.is_completed()
    engine = made.world.engine
    one = engine.of("shop-prod")[0]
    engine.containers_by_name["again"] = replace(one, id="again", name="again")
    assert "Somebody has started it beside what Tidegate runs" in refused(made)


def test_an_engine_with_too_few_networks_left_is_refused(library: Library) -> None:
    made = begun(library, "v1.0.0")
    networks = made.world.engine.networks
    networks |= {f"other-{number}" for number in range(30 - len(networks))}
    said = refused(made)
    assert "counting the networks that the engine of 'local' can still make: 0 left, " in said


def test_a_host_name_that_somebody_else_answers_is_not_ours(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = begun(library, "v1.0.0")
    monkeypatch.setattr(MemoryEdge, "serving", lambda *_: Served("other", "prod", 3))
    assert "shop.test is answered by other/prod/3" in refused(made)


def test_a_volume_that_must_be_there_and_is_not_is_named(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, read = begun(library), MemoryCompose.read

    def external(self: MemoryCompose, *given: Any) -> ComposeModel:
        model = read(self, *given)
        model["volumes"]["uploads"] = {"name": "pictures", "external": True}
        return model

    monkeypatch.setattr(MemoryCompose, "read", external)
    assert "there is no pictures" in refused(made)


def test_a_volume_that_another_project_has_is_not_taken(library: Library) -> None:
    made = begun(library)
    start_by_hand(made.world.engine, model_of("other"), "v1.0.0")
    made.world.engine.volumes_mounted["other-db-1"] = ("shop-prod_data",)
    made.world.engine.volumes["shop-prod_data"] = ""
    said = refused(made)
    assert "looking who has what the base services of shop prod need" in said
    assert "shop-prod_data" in said
    assert "other-db-1" in said


def test_a_database_that_does_not_run_is_found_out_about_first(library: Library) -> None:
    made = begun(library, "v1.0.0")
    made.world.engine.state("shop-prod-db-1", state="exited")
    said = refused(made)
    assert "looking at shop-prod-db-1: it is exited, so the data cannot be reached" in said


def test_a_folder_that_another_environment_writes_is_not_shared(
    library: Library, edit_env: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, read = begun(library, "v1.0.0", with_staging=True), MemoryCompose.read

    def shared(self: MemoryCompose, *given: Any) -> ComposeModel:
        text = json.dumps(read(self, *given)).replace("/srv/shop-staging", "/srv/shop-prod")
        model: ComposeModel = json.loads(text)
        return model

    monkeypatch.setattr(MemoryCompose, "read", shared)
    edit_env("/srv/shop-staging", "/srv/shop-prod", ".env.staging")
    said = refused(made, environment="staging")
    assert "looking who else writes what shop staging writes" in said
    assert "/srv/shop-prod" in said


def test_a_base_is_changed_where_a_version_serves(library: Library) -> None:
    assert "nothing serves there" in refused(begun(library), base)


def test_a_release_that_finds_the_lock_taken_never_begins_and_the_next_one_does(
    library: Library,
) -> None:
    """Nobody takes it up again."""
    made = begun(library, "v1.0.0")
    began, locks, held = serving(made), made.ledger.locks, list[Lock]()
    moments = made.world.moments

    def take(what: str) -> None:
        if len(made.ledger.deployments.history("shop", "prod")) == 2:
            moments.after_change = lambda what: None
            held.append(locks.acquire("shop", "prod", owner="another", ttl_seconds=600))

    moments.after_change = take
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_failed()
    assert "another" in str(state.message)
    newest = made.ledger.deployments.history("shop", "prod")[0]
    assert (newest.number, newest.state) == (2, DeploymentState.FAILED)
    locks.release(held[0])
    state = made.prefect.start(release, **asked("v1.1.0")).state
    assert state.is_completed(), state.message
    assert [*settle(made), *faults(made, began)] == []


@pytest.mark.parametrize(
    ("flow", "given"),
    [(release, asked("v1.0.1")), (adopt, ADOPTION), (base, BASE)],
    ids=["release", "adopt", "base"],
)
def test_where_somebody_else_changes_something_a_plan_can_be_seen_and_no_more(
    library: Library, flow: Flow[Any, Any], given: dict[str, Any]
) -> None:
    """It is said before anything is looked at."""
    made = begun(library, *(() if flow is adopt else ("v1.0.0",)))
    if flow is adopt:
        run_by_hand(made)
    if flow is base:
        edit_database(command=["--max-connections=300"])(made)
    before = {name: len(one.sent) for name, one in made.world.notifiers.items()}
    lock = made.ledger.locks.acquire("shop", "prod", owner="another", ttl_seconds=600)
    planned = made.prefect.start(flow, **{**given, "plan_only": True})
    assert planned.state.is_completed(), planned.state.message
    assert planned.pages
    state = made.prefect.start(flow, **given).state
    assert state.is_failed()
    assert "another" in str(state.message)
    assert {name: len(one.sent) for name, one in made.world.notifiers.items()} != before
    made.ledger.locks.release(lock)
