"""Whoever looks at what runs reads which base services wait for `tidegate base`, until it has changed
them; nobody is asked for that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.base import base
from flows.release import release
from tasks.frame import adapters
from tasks.plan.base_waiting import WaitingBase, waiting_base
from tests.flows.asking import BASE, answering, asked
from tests.flows.beginnings import edit_database
from tests.flows.conftest import Library
from tests.flows.installation import ENV, Installation, write_stack
from tests.flows.stories import Story
from tests.world.compose import MemoryCompose
from tidegate.facts import PROJECT_LABEL, ComposeModel
from tidegate.settings import Settings
from tidegate.stack.catalogue import find_stack

EDIT = edit_database(command=["--max-connections=300"])
PASSWORD = "a-password-that-only-prefect-knows"


def look(made: Installation) -> WaitingBase:
    """As `tidegate status` looks, with the containers that it has seen anyway."""
    settings, now = Settings(), made.ledger.deployments.current("shop", "prod")
    assert now is not None
    there = made.world.engine.containers({PROJECT_LABEL: "shop-prod"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            adapters,
            "ports_of_files",
            lambda settings, stack, environment, *_: made.world.ports(stack, environment),
        )
        return waiting_base(settings, find_stack(settings.stacks, "shop"), now, there)


def nothing(made: Installation) -> None:
    """Everything is as it was released."""


def begin(library: Library, prepare: Any = nothing) -> Installation:
    return library.begin(Story("a look", base, BASE, prepare=prepare))


def env_file(made: Installation) -> Path:
    return made.home.parent / "stacks" / "shop" / ".env"


@pytest.fixture
def vault(library: Library, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What Prefect's secret blocks hold. The password of the database is one of them."""
    held = {"shop-db": PASSWORD}
    read = MemoryCompose.read

    def filled(self: MemoryCompose, files: Any, environment: Any, *rest: Any) -> ComposeModel:
        model = read(self, files, environment, *rest)
        given = {"MYSQL_PASSWORD": environment["DB_PASSWORD"]}
        model["services"]["db"]["environment"] = given
        return model

    monkeypatch.setattr(MemoryCompose, "read", filled)
    monkeypatch.setattr(adapters, "secret", held.__getitem__)
    return held


@pytest.fixture
def with_secret(library: Library, vault: dict[str, str]) -> Any:
    """A release whose database was started with it."""
    made = library.made
    made.begin_from(library.fresh)
    write_stack(made.home.parent, with_staging=False)
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    secrets = "secrets: {DB_PASSWORD: shop-db}, image_alias: latest"
    file.write_text(file.read_text().replace("image_alias: latest", secrets))
    env_file(made).write_text(ENV.format("shop-prod").replace(_line_of_password(), ""))
    state = made.prefect.start(release, **asked("v1.0.0")).state
    assert state.is_completed(), state.message
    return made


def _line_of_password() -> str:
    return next(one for one in ENV.splitlines(keepends=True) if one.startswith("DB_PASSWORD"))


def test_where_nothing_differs_nothing_waits(library: Library) -> None:
    assert look(begin(library)) == WaitingBase()


def test_a_base_service_that_the_files_say_otherwise_waits_until_it_was_changed(
    library: Library,
) -> None:
    made = begin(library, EDIT)
    assert look(made) == WaitingBase(("db",))
    state = made.prefect.start(base, **BASE).state
    assert state.is_completed(), state.message
    assert look(made) == WaitingBase()


def test_a_released_service_waits_for_the_next_release_and_not_for_the_base(
    library: Library,
) -> None:
    made = begin(library, lambda made: made.world.edited.update(web={"command": ["other"]}))
    assert look(made) == WaitingBase()


def test_a_release_leaves_it_and_its_plan_says_how_to_change_it(library: Library) -> None:
    made = begin(library, EDIT)
    there = made.world.engine.containers({PROJECT_LABEL: "shop-prod"})
    run = made.prefect.start(release, **asked("v1.0.1"))
    assert run.state.is_completed(), run.state.message
    assert made.world.engine.containers({PROJECT_LABEL: "shop-prod"}) == there
    assert "tidegate base shop prod" in run.pages["shop-prod-plan"]
    assert look(made) == WaitingBase(("db",))


def test_files_that_cannot_be_read_are_said_to_be_so(library: Library) -> None:
    made = begin(library, EDIT)
    env_file(made).write_text("DB_HOST\n")
    try:
        seen = look(made)
    finally:
        env_file(made).write_text(ENV.format("shop-prod"))
    assert (seen.waiting, seen.unknown) == ((), ("db",))
    assert "reading the env file .env: line 1" in seen.why


def test_a_secret_of_prefect_is_as_it_was_planned(with_secret: Installation) -> None:
    assert look(with_secret) == WaitingBase()
    EDIT(with_secret)
    assert look(with_secret) == WaitingBase(("db",))


def test_nobody_is_told_to_do_again_what_was_done_with_a_newer_secret(
    with_secret: Installation, vault: dict[str, str]
) -> None:
    """Nobody has kept the secret of that moment."""
    vault["shop-db"] = "another-password-that-prefect-knows"
    with_secret.prefect.answer = answering("approve")
    state = with_secret.prefect.start(base, **BASE).state
    assert state.is_completed(), state.message
    seen = look(with_secret)
    assert (seen.waiting, seen.unknown) == ((), ("db",))
    assert "only Prefect knows" in seen.why
    assert with_secret.prefect.start(release, **asked("v1.0.1")).state.is_completed()
    assert look(with_secret) == WaitingBase()
