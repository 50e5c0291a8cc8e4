"""A base service is given files of the team's folder: another text of one of them waits for
`tidegate base`, and is told by the name of the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from flows.base import base
from flows.release import release
from tests.flows.asking import BASE, answering, asked
from tests.flows.beginnings import edit_database
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import Story
from tests.flows.test_base_waiting import look
from tests.world.base import MemoryBaseServices
from tests.world.compose import NEVER_HEALTHY
from tidegate.plan.base_changes import KeptContainer
from tidegate.policy.states import DeploymentState

NAME = "my.cnf"
DATA = {"type": "volume", "source": "data", "target": "/var/lib/mysql"}


def file(made: Installation) -> Path:
    return made.home.parent / "stacks" / "shop" / NAME


def give_file(made: Installation) -> None:
    """The first release starts the database with it."""
    file(made).write_text("max_connections = 100\n")
    given = {"type": "bind", "source": str(file(made)), "target": "/my.cnf", "read_only": True}
    edit_database(volumes=[DATA, given])(made)
    made.prefect.answer = answering("approve")
    made.prefect.start(release, **asked("v1.0.0"))


@pytest.fixture
def made(library: Library) -> Installation:
    return library.begin(Story("a file for the database", base, BASE, before=(), prepare=give_file))


def edit(made: Installation, text: str) -> None:
    file(made).write_text(text)


def changed(made: Installation) -> str:
    """The page of what is planned."""
    run = made.prefect.start(base, **BASE)
    assert run.state.is_completed(), run.state.message
    return run.pages.get("shop-prod-base", "")


def test_the_file_it_was_started_with_is_no_change(made: Installation) -> None:
    assert look(made).waiting == ()
    assert "there is nothing to change" in changed(made)


def test_another_text_of_it_waits_and_is_told_by_name_until_it_was_changed(
    made: Installation,
) -> None:
    edit(made, "max_connections = 300\n")
    assert look(made).waiting == ("db",)
    assert NAME in changed(made)
    assert look(made).waiting == ()
    edit(made, "max_connections = 100\n")
    assert look(made).waiting == ("db",)  # what it was started with last is what counts


def test_a_release_in_between_starts_no_database_and_its_file_still_waits(
    made: Installation,
) -> None:
    edit(made, "max_connections = 300\n")
    assert made.prefect.start(release, **asked("v1.0.1")).state.is_completed()
    assert look(made).waiting == ("db",)


def test_a_text_that_is_another_one_when_it_was_approved_stops_the_change(
    library: Library,
) -> None:
    made = library.begin(
        Story("a file", base, BASE, before=(), with_staging=True, prepare=give_file)
    )
    edit(made, "max_connections = 300\n")

    def answer(form: Any) -> Any:
        edit(made, "max_connections = 500\n")
        return answering("approve")(form)

    made.prefect.answer = answer
    state = made.prefect.start(base, **BASE).state
    assert "the file my.cnf: another one than when it was planned" in str(state.message)
    [database] = [one for one in made.world.engine.of("shop-prod") if one.service == "db"]
    assert (database.name, database.state) == ("shop-prod-db-1", "running")


def test_where_the_old_one_does_not_become_healthy_again_a_person_is_told_what_is_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = edit_database(command=NEVER_HEALTHY)
    made = library.begin(Story("a change that cannot be undone", base, BASE, prepare=prepare))
    put_back = MemoryBaseServices.put_back

    def dies(services: MemoryBaseServices, kept: Sequence[KeptContainer], key: str) -> None:
        put_back(services, kept, key)
        services.engine.state(kept[0]["name"], state="exited", exit_code=1, restarts=3)

    monkeypatch.setattr(MemoryBaseServices, "put_back", dies)
    made.world.notifier("team").sent.clear()
    state = made.prefect.start(base, **BASE).state
    assert state.is_failed()
    saved = made.ledger.backups.newest_verified("shop", "prod")
    assert saved is not None
    told = " ".join(one.body for one in made.world.notifier("team").sent)
    assert f"No volume was removed. The backup {saved.id} holds what was there" in told
    assert "Correct what the log of db names" in told
    change = made.ledger.deployments.history("shop", "prod")[0]
    assert change.state is DeploymentState.ROLLBACK_FAILED
