"""Data of a backup are put back, with the version that goes with them: after a decision, and
whatever is killed on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tasks.people.forms import RESTORE_CHECKLIST
from tests.crash.killing import kill_run, kill_run_at, wait_for_step
from tests.crash.whole import recovered
from tests.e2e.depot import (
    asked,
    backup_folder,
    backup_of,
    database,
    databases_that_nobody_makes,
    good,
    in_uploads,
    left_beside,
    media,
    newest,
    rows,
    sql,
    swapped,
)
from tests.e2e.in_process import assert_true_and_clean, roll_back_here, serving
from tests.e2e.notices import notices_of
from tests.e2e.places import PICTURES, content_of, fill, mount, spoil
from tests.e2e.releases import ended, fill_in, start
from tests.extent import IS_WHOLE
from tests.installation import DEPOT, Installation
from tidegate.ledger.tables import Deployment

BEFORE = ("v1.0.0", "v1.1.0") if IS_WHOLE else ("v1.1.0",)
"""What was released before; the first one is gone back to in `make crash` alone."""
LOSSY = "v1.2.7-lossy-downgrade"
YES = {
    "decision": "approve",
    "approver": "Josh",
    "reason": "the notes are needed",
    **dict.fromkeys(RESTORE_CHECKLIST, True),
}
NO = YES | {"decision": "reject", "reason": "we enter them again"}


@pytest.fixture(scope="module")
def notices(tidegate: Installation) -> Iterator[list[str]]:
    with notices_of(tidegate, DEPOT) as texts:
        yield texts
    tidegate.retire(DEPOT)


@pytest.fixture(scope="module")
def lossy(tidegate: Installation, notices: list[str]) -> Deployment:
    """A version that has dropped the notes of the bills serves; a bill was written before its
    backup, one after. Among the backups lies a broken one, and nobody is stopped by it."""
    broken = tidegate.settings.home / "backups" / DEPOT / "prod" / "broken"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_bytes(b"[" * 3000)
    mount(
        tidegate,
        DEPOT,
        "uploads:/srv/uploads",
        "./media:/srv/media",
        volumes=["uploads"],
        files=["./media"],
    )
    for version in BEFORE:
        good(version)
    in_uploads(tidegate, "echo 'keep me' >/srv/uploads/kept")
    fill(media(tidegate))
    sql(
        tidegate,
        "INSERT INTO bills (id, account_id, month, amount, note) VALUES ('BILL-NOTE', 'a', '2026-11-01', 1, 'keep me')",
    )
    good(LOSSY)
    sql(
        tidegate,
        "INSERT INTO bills (id, account_id, month, amount) VALUES ('BILL-LATE', 'a', '2026-11-02', 2)",
    )
    in_uploads(tidegate, "rm /srv/uploads/kept; echo late >/srv/uploads/late")
    spoil(media(tidegate))
    return newest(tidegate)


def test_a_damaged_backup_is_refused_before_anybody_is_asked(
    tidegate: Installation, lossy: Deployment
) -> None:
    file = backup_folder(tidegate) / "main.sql.gz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    try:
        state = ended(start("restore/prod", stack=DEPOT, reason="the notes are gone"))
    finally:
        file.write_bytes(whole)
    assert state.is_failed()
    assert "main.sql.gz has another size than when it was written" in str(state.message)
    assert newest(tidegate).id == lossy.id
    assert_true_and_clean(tidegate, DEPOT, lossy)


def test_a_swapped_backup_is_refused_before_anybody_is_asked(
    tidegate: Installation, lossy: Deployment
) -> None:
    with swapped(backup_folder(tidegate)):
        state = ended(start("restore/prod", stack=DEPOT, reason="the notes are gone"))
    assert state.is_failed()
    assert "its manifest has another" in str(state.message)
    assert newest(tidegate).id == lossy.id
    assert_true_and_clean(tidegate, DEPOT, lossy)


def test_a_backup_that_is_swapped_while_the_question_waits_is_refused_before_anything_is_closed(
    tidegate: Installation, lossy: Deployment
) -> None:
    run = asked()
    with swapped(backup_folder(tidegate)):
        fill_in(run, YES)
        state = ended(run)
    assert state.is_failed()
    assert "its manifest has another" in str(state.message)
    steps = {step.name for step in tidegate.ledger.journal.steps(newest(tidegate).id)}
    assert steps & {"restore-beside", "close-doors", "save-present", "restore-data"} == set()
    assert (newest(tidegate).kind, newest(tidegate).state.value) == ("restore", "failed")
    assert rows(tidegate, "SELECT id FROM bills WHERE id = 'BILL-LATE'") == [["BILL-LATE"]]
    assert_true_and_clean(tidegate, DEPOT, lossy)


@pytest.mark.crash_only("tests/e2e/test_acceptance.py: rejected in a browser")
def test_a_rejected_restore_changes_nothing(tidegate: Installation, lossy: Deployment) -> None:
    run = asked()
    fill_in(run, NO)
    state = ended(run)
    assert state.is_failed()
    assert "Josh rejected it: we enter them again. Nothing was changed" in str(state.message)
    assert rows(tidegate, "SELECT id FROM bills WHERE id = 'BILL-LATE'") == [["BILL-LATE"]]
    assert_true_and_clean(tidegate, DEPOT, lossy)


def test_an_unknown_backup_is_answered_with_those_that_are_kept(
    tidegate: Installation, lossy: Deployment
) -> None:
    before = newest(tidegate)
    state = ended(
        start("restore/prod", stack=DEPOT, reason="the notes are gone", backup="yesterday")
    )
    assert state.is_failed()
    assert f"Choose one of {backup_folder(tidegate).name}" in str(state.message)
    assert newest(tidegate).id == before.id


@pytest.mark.crash_only("tests/flows/test_failures.py: a restore, of which each call fails once")
def test_a_restore_that_fails_before_it_touches_the_data_lets_people_in_again_by_itself(
    tidegate: Installation, lossy: Deployment, notices: list[str]
) -> None:
    """The doors are closed already, and the server can make no database any more."""
    serves = serving(tidegate, DEPOT)
    run = asked()
    fill_in(run, YES)
    wait_for_step(tidegate.settings, run, "close-doors", "done")
    notices.clear()
    with databases_that_nobody_makes(tidegate):
        state = ended(run)
    assert "Permission denied" in str(state.message)
    assert newest(tidegate).state.value == "failed"
    assert serving(tidegate, DEPOT) == serves
    assert ["失败" in text and "旧版本继续提供服务" in text for text in notices] == [True]
    assert_true_and_clean(tidegate, DEPOT, lossy)


@pytest.mark.crash_only(
    "tests/integration/test_interrupted_restores.py; tests/flows/test_kills.py: a restore"
)
def test_a_restore_killed_while_it_replaces_the_data_is_finished_by_recovery(
    tidegate: Installation, lossy: Deployment, notices: list[str]
) -> None:
    run = asked(backup=backup_of(tidegate, lossy))
    fill_in(run, YES)
    wait_for_step(tidegate.settings, run, "restore-data", "intended")
    refused = roll_back_here(DEPOT)
    kill_run(run)
    ended(run)
    recovered(tidegate, DEPOT)

    back = newest(tidegate)
    assert (back.kind, back.state.value, back.version, back.reason) == (
        "restore",
        "good",
        "v1.1.0",
        "备注丢失了",
    )
    assert serving(tidegate, DEPOT) == ("v1.1.0", back.number)
    assert rows(tidegate, "SELECT note FROM bills WHERE id = 'BILL-NOTE'") == [["keep me"]]
    assert rows(tidegate, "SELECT id FROM bills WHERE id = 'BILL-LATE'") == []
    assert in_uploads(tidegate, "cd /srv/uploads; ls; cat *") == "kept\nkeep me\n"
    assert content_of(media(tidegate)) == PICTURES
    assert left_beside(tidegate) == []
    assert database(tidegate).revision() == "0002"
    assert {hold.version for hold in tidegate.ledger.holds.active(DEPOT)} == {LOSSY}
    assert refused.is_failed()
    assert "is putting data back" in str(refused.message)
    assert "备份" in notices[-1]
    assert_true_and_clean(tidegate, DEPOT, back)


@pytest.mark.crash_only("tests/flows/test_afterwards.py; tests/integration/test_backups_prove.py")
def test_what_was_there_before_a_restore_is_kept_and_can_be_put_back(
    tidegate: Installation, lossy: Deployment
) -> None:
    saved = backup_folder(tidegate)
    for hold in tidegate.ledger.holds.active(DEPOT):
        tidegate.ledger.holds.lift(DEPOT, hold.commit, lifted_by="tester")
    run = asked(backup=saved.name)
    fill_in(run, YES)
    state = ended(run)
    assert state.is_completed(), state.message
    assert serving(tidegate, DEPOT)[0] == LOSSY
    assert rows(tidegate, "SELECT id FROM bills WHERE id = 'BILL-LATE'") == [["BILL-LATE"]]
    assert_true_and_clean(tidegate, DEPOT, newest(tidegate))


@pytest.mark.crash_only(
    "tests/unit/test_restores.py: what was done to the schema in between is gone"
)
def test_after_a_restore_the_way_back_does_not_count_what_the_restore_undid(
    tidegate: Installation, lossy: Deployment
) -> None:
    for hold in tidegate.ledger.holds.active(DEPOT):
        tidegate.ledger.holds.lift(DEPOT, hold.commit, lifted_by="tester")
    first = tidegate.history(DEPOT)[-1]
    run = asked(backup=backup_of(tidegate, lossy))
    fill_in(run, YES)
    assert ended(run).is_completed()
    state = roll_back_here(DEPOT)
    assert state.is_completed(), state.message
    assert newest(tidegate).origin_id == first.id
    assert serving(tidegate, DEPOT)[0] == "v1.0.0"


@pytest.mark.crash_only("tests/integration/test_interrupted_restores.py; tests/flows: a restore")
def test_a_restore_killed_while_it_makes_the_copy_beside_is_finished_by_recovery(
    tidegate: Installation, lossy: Deployment
) -> None:
    for hold in tidegate.ledger.holds.active(DEPOT):
        tidegate.ledger.holds.lift(DEPOT, hold.commit, lifted_by="tester")
    run = asked(backup=backup_of(tidegate, lossy))
    fill_in(run, YES)
    kill_run_at(tidegate.settings, run, "restore-beside", "intended")
    ended(run)
    recovered(tidegate, DEPOT)
    assert (newest(tidegate).kind, newest(tidegate).state.value) == ("restore", "good")
    assert serving(tidegate, DEPOT) == ("v1.1.0", newest(tidegate).number)
    assert left_beside(tidegate) == []
    assert_true_and_clean(tidegate, DEPOT, newest(tidegate))
