"""The daily look at the ledger: a page each time; what differs is told once, and makes the run red
for as long as it lasts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

import tasks.people.audit
from flows.audit import audit
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import Story


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is published: the page of this flow is the server's, not a run's."""
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(
        tasks.people.audit, "create_markdown_artifact", lambda **page: published.append(page)
    )
    return published


@pytest.fixture
def made(library: Library, pages: list[dict[str, Any]]) -> Installation:
    """One version serves."""
    made = library.begin(Story("a look at the ledger", audit, {}))
    made.world.notifier("team").sent.clear()
    return made


def edit_reason(made: Installation) -> None:
    with closing(sqlite3.connect(made.home / "ledger.db")) as ledger, ledger:
        assert ledger.execute("UPDATE deployments SET reason = 'nobody asked'").rowcount == 1


def test_where_nothing_differs_nobody_is_told(
    made: Installation, pages: list[dict[str, Any]]
) -> None:
    state = made.prefect.start(audit).state
    assert state.is_completed(), state.message
    assert made.world.notifier("team").sent == []
    [page] = pages
    newest = made.ledger.audit.newest()
    assert (page["key"], newest.hash in page["markdown"]) == ("audit-trail", True)
    assert str(newest) in (made.home / "audit-trail.txt").read_text()


def test_what_differs_is_told_once_and_is_red_each_day(
    made: Installation, pages: list[dict[str, Any]]
) -> None:
    edit_reason(made)
    for _ in range(2):
        state = made.prefect.start(audit).state
        assert state.is_failed()
        assert "1 difference(s)" in str(state.message)
    [told] = made.world.notifier("team").sent
    assert told.severity == "red"
    assert "reason" in told.body
    assert "nobody asked" not in told.body
    assert all("reason" in page["markdown"] for page in pages)


def test_an_address_that_cannot_be_reached_keeps_nobody_from_hearing_of_it(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = made.home.parent / "stacks" / "shop" / "stack.yaml"
    file.write_text(file.read_text().replace("notify: [team]", "notify: [nowhere, team]"))
    monkeypatch.setattr(made.world.notifier("nowhere"), "send", _refuse)
    edit_reason(made)
    assert made.prefect.start(audit).state.is_failed()
    assert [one.severity for one in made.world.notifier("team").sent] == ["red"]


def _refuse(message: object) -> None:
    raise ConnectionError("nobody is there")
