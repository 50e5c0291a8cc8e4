"""A database whose definition has changed: made anew as its own step, and as it was where it does
not become healthy. No row is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from cli import status
from control.deployments import register
from flows.base import base
from tasks.people.forms import BASE_CHECKLIST
from tests.e2e.in_process import database_of, edit_stack, engine, release_here, run_here, serving
from tests.e2e.notices import notices_of
from tests.e2e.releases import ended, fill_in, start, suspended
from tests.installation import SUFFIX, Installation, add_stack, domain_of
from tidegate.facts import PROJECT_LABEL

YES = {
    "decision": "approve",
    "approver": "Josh",
    "reason": "tonight nobody is there",
    **dict.fromkeys(BASE_CHECKLIST, True),
}
DUNE = f"dune{SUFFIX}"
OF_THE_FILE = '"--collation-server=utf8mb4_unicode_ci"'
MORE = f'{OF_THE_FILE}, "--max-connections=123"'
FAULTY = f'{OF_THE_FILE}, "--no-such-setting=1"'


@pytest.fixture(scope="module")
def notices(tidegate: Installation) -> Iterator[list[str]]:
    add_stack(
        tidegate.settings,
        DUNE,
        environments=("prod",),
        changes={
            "language": "en",
            "environments.prod.approval": False,
            "environments.prod.drain_seconds": 1,
            "smoke_repeat_seconds": 0,
        },
    )
    add_service_that_nobody_waits_for(tidegate)
    with notices_of(tidegate, DUNE) as texts:
        state = release_here(DUNE, "v1.0.0")
        assert state.is_completed(), state.message
        yield texts
    tidegate.retire(DUNE)


def add_service_that_nobody_waits_for(tidegate: Installation) -> None:
    file = tidegate.settings.stacks / DUNE / "docker-compose.yml"
    beside = '  counter: {image: "${CACHE_IMAGE:-redis:7-alpine}", command: [redis-server], networks: [data]}\n'
    file.write_text(file.read_text().replace("\nnetworks:\n", f"\n{beside}\nnetworks:\n", 1))


def changed_here(**parameters: Any) -> State[Any]:
    return run_here(
        base,
        stack=DUNE,
        **{
            "environment": "prod",
            "reason": "more people come",
            "requested_by": "mei",
            **parameters,
        },
    )


def write(tidegate: Installation, command: str) -> None:
    """What the compose file says of the database's command from now on."""
    file = tidegate.settings.stacks / DUNE / "docker-compose.yml"
    lines = file.read_text().splitlines(keepends=True)
    said = next(line for line in lines if "--character-set-server" in line)
    new = f'    command: ["--character-set-server=utf8mb4", {command}]\n'
    file.write_text("".join(new if line == said else line for line in lines))


def asked(tidegate: Installation, query: str) -> list[list[str]]:
    answer: list[list[str]] = database_of(tidegate, DUNE).query("asking", query)
    return answer


def most_connections(tidegate: Installation) -> str:
    return asked(tidegate, "SELECT @@max_connections")[0][0]


def bills(tidegate: Installation) -> list[list[str]]:
    return asked(tidegate, "SELECT id, amount FROM bills ORDER BY id")


def base_containers(tidegate: Installation) -> dict[str, str]:
    found = engine(tidegate).containers({PROJECT_LABEL: f"{DUNE}-prod"})
    return {one.service: one.id for one in found}


def waiting(tidegate: Installation) -> list[str]:
    """Base services that `tidegate status` names."""
    [row] = status.rows(tidegate.settings, DUNE)
    assert row["base_unknown"] is None
    names: list[str] = row["base_waiting"]
    return names


def page() -> str:
    with get_client(sync_client=True) as client:
        found = client.read_latest_artifacts(limit=200)
    told = next(str(one.data) for one in found if one.key == f"{DUNE}-prod-base")
    return told.replace("<br>", " ")


def test_where_nothing_differs_nothing_is_changed(
    tidegate: Installation, notices: list[str]
) -> None:
    before = base_containers(tidegate)
    state = changed_here()
    assert state.is_completed(), state.message
    assert "nothing was changed" in str(state.message)
    assert base_containers(tidegate) == before
    assert [one.kind for one in tidegate.history(DUNE)] == ["release"]


def test_a_plan_names_what_differs_and_changes_nothing(
    tidegate: Installation, notices: list[str]
) -> None:
    before = base_containers(tidegate)
    assert waiting(tidegate) == []
    write(tidegate, MORE)
    assert waiting(tidegate) == ["mysql"]
    state = changed_here(plan_only=True)
    assert state.is_completed(), state.message
    assert "| `mysql` | `command` |" in page()
    assert f"database `main`, `{DUNE}-prod_mysql-data`" in page()
    assert "123" not in page()
    assert "Nobody is served while it lasts" in page()
    assert base_containers(tidegate) == before


def test_a_changed_database_is_made_anew_with_its_rows_and_nothing_else_is(
    tidegate: Installation, notices: list[str]
) -> None:
    write(tidegate, MORE)
    rows, before, told = bills(tidegate), base_containers(tidegate), len(notices)
    state = changed_here()
    assert state.is_completed(), state.message
    assert most_connections(tidegate) == "123"
    assert waiting(tidegate) == []
    assert bills(tidegate) == rows != []
    after = base_containers(tidegate)
    assert after["mysql"] != before["mysql"]
    assert after["redis"] == before["redis"]
    newest, first = tidegate.history(DUNE)[:2]
    assert (newest.kind, newest.state.value, newest.slot) == ("base", "good", first.slot)
    assert serving(tidegate, DUNE) == ("v1.0.0", newest.number)
    assert 0 < float(newest.figures["changed"]["seconds"]) < 300
    saved = tidegate.ledger.backups.newest_verified(DUNE, "prod")
    assert saved is not None
    assert saved.deployment_id == newest.id
    assert "base services were changed" in notices[told]
    assert "Changed: mysql" in notices[told]
    assert list((tidegate.settings.home / "sealed").glob("*/before.json")) == []


@pytest.mark.crash_only(
    "tests/flows/base_stories.py; tests/integration/test_base_services.py: what ran before runs again"
)
def test_one_that_never_becomes_healthy_is_followed_by_what_ran_before(
    tidegate: Installation, notices: list[str]
) -> None:
    rows, settings = bills(tidegate), most_connections(tidegate)
    serves = serving(tidegate, DUNE)
    write(tidegate, FAULTY)
    state = changed_here()
    assert state.is_failed()
    assert "no-such-setting" in str(state.message)
    assert most_connections(tidegate) == settings
    assert bills(tidegate) == rows
    assert serving(tidegate, DUNE) == serves
    newest = tidegate.history(DUNE)[0]
    assert (newest.kind, newest.state.value) == ("base", "failed")
    assert waiting(tidegate) == ["mysql"]
    assert "changing base services failed" in notices[-1]
    write(tidegate, MORE)
    assert "nothing was changed" in str(changed_here().message)


def test_people_are_served_while_a_service_changes_that_nobody_waits_for(
    tidegate: Installation, notices: list[str]
) -> None:
    file = tidegate.settings.stacks / DUNE / "docker-compose.yml"
    file.write_text(file.read_text().replace("[redis-server]", "[redis-server, --maxmemory, 64mb]"))
    before, answers, ended = base_containers(tidegate), list[int](), threading.Event()

    def visit() -> None:
        while not ended.wait(0.1):
            answers.append(tidegate.get(domain_of(DUNE, "prod")).status_code)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        state = changed_here()
    finally:
        ended.set()
        visitor.join()
    assert state.is_completed(), state.message
    after = base_containers(tidegate)
    assert {name for name in after if after[name] != before[name]} == {"counter"}
    assert set(answers) == {200}
    assert serving(tidegate, DUNE)[1] == tidegate.history(DUNE)[0].number


@pytest.mark.crash_only(
    "tests/flows/base_stories.py: a change of a database; tests/e2e/test_restore.py: of a restore"
)
def test_a_person_is_asked_first_and_the_worker_goes_on_where_it_was_suspended(
    tidegate: Installation, notices: list[str]
) -> None:
    edit_stack(
        tidegate, DUNE, lambda content: content["environments"]["prod"].update(approval=True)
    )
    register(tidegate.settings)  # the form lists the stacks
    write(tidegate, f'{OF_THE_FILE}, "--max-connections=200"')
    before = base_containers(tidegate)
    run = start("base/prod", stack=DUNE, reason="more people come", requested_by="mei")
    suspended(run)
    assert base_containers(tidegate) == before
    fill_in(run, YES)
    state = ended(run)
    assert state.is_completed(), state.message
    assert most_connections(tidegate) == "200"
    assert tidegate.ledger.approvals.of(tidegate.history(DUNE)[0].id)[0].approver == "Josh"
    edit_stack(
        tidegate, DUNE, lambda content: content["environments"]["prod"].update(approval=False)
    )
    write(tidegate, MORE)
    assert changed_here().is_completed()


@pytest.mark.crash_only("tests/flows/test_base_waiting.py")
def test_a_release_that_comes_later_names_what_differs_and_leaves_it(
    tidegate: Installation, notices: list[str]
) -> None:
    write(tidegate, f'{OF_THE_FILE}, "--max-connections=99"')
    before = base_containers(tidegate)
    state = release_here(DUNE, "v1.1.0")
    assert state.is_completed(), state.message
    assert base_containers(tidegate) == before
    with get_client(sync_client=True) as client:
        found = client.read_latest_artifacts(limit=200)
    plan = next(str(one.data) for one in found if one.key == f"{DUNE}-prod-plan")
    assert f"tidegate base {DUNE} prod" in plan
    write(tidegate, MORE)
