"""The daily look at the ledger: whole it is green; what was edited makes it red, and people are
told once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from tests.e2e.notices import notices_of
from tests.e2e.releases import ended, start
from tests.installation import SUFFIX, Installation, add_stack
from tidegate.ledger.anchors import AnchorFile
from tidegate.ledger.tables import Hold

LEDGE = f"ledge{SUFFIX}"


@pytest.fixture(scope="module")
def ledge(tidegate: Installation) -> Iterator[str]:
    """A stack that was never released."""
    yield add_stack(tidegate.settings, LEDGE, changes={"language": "en"})
    tidegate.retire(LEDGE)


@pytest.fixture(scope="module")
def notices(tidegate: Installation, ledge: str) -> Iterator[list[str]]:
    with notices_of(tidegate, ledge) as texts:
        yield texts


@pytest.fixture(scope="module")
def hold(tidegate: Installation, ledge: str) -> Hold:
    return tidegate.ledger.holds.place(
        stack=ledge, version="v0.1.0", commit="0" * 40, reason="empty orders", placed_by="Mei"
    )


def edit(tidegate: Installation, hold: Hold, reason: str) -> None:
    with closing(sqlite3.connect(tidegate.settings.home / "ledger.db")) as connection, connection:
        assert (
            connection.execute(
                "UPDATE holds SET reason = ? WHERE id = ?", (reason, hold.id)
            ).rowcount
            == 1
        )


def page() -> str:
    """The newest artifact of the trail."""
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            sort=ArtifactSort.CREATED_DESC,
            limit=1,
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["audit-trail"])),
        )
    return str(found[0].data)


def test_a_ledger_that_is_as_it_was_written_is_published_by_its_newest_hash(
    tidegate: Installation, hold: Hold
) -> None:
    state = ended(start("audit/all"))
    assert state.is_completed(), state.message
    kept, faults = AnchorFile(tidegate.settings.home).read()
    assert (str(kept[-1]) in page(), faults) == (True, [])
    assert tidegate.ledger.audit.verify(kept).findings == ()


def test_an_edit_makes_the_run_red_and_is_told_once(
    tidegate: Installation, hold: Hold, notices: list[str]
) -> None:
    edit(tidegate, hold, "hunter2")
    try:
        states = [ended(start("audit/all")) for _ in range(2)]
    finally:
        edit(tidegate, hold, hold.reason)
    assert [state.is_failed() for state in states] == [True, True]
    assert "1 difference(s)" in str(states[0].message)
    [told] = notices
    assert f"holds/{hold.id}.reason" in told
    assert f"holds/{hold.id}" in page()
    assert "hunter2" not in told + page()


def test_a_row_that_was_put_back_makes_the_run_green_again(
    tidegate: Installation, hold: Hold, notices: list[str]
) -> None:
    assert ended(start("audit/all")).is_completed()
    assert len(notices) == 1
