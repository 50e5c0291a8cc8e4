"""Which version goes with a backup, what a person is shown before data are overwritten, and what it
means for later ways back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.plans import AT
from tests.unit.test_pages import BACKUP, LANGUAGES
from tidegate.backups.restores import (
    RestorePlan,
    choose_backup,
    is_restored_over,
    made_before,
    version_of,
)
from tidegate.errors import HeldError, InputError
from tidegate.ledger import Deployment, Release, StoredBackup
from tidegate.pages.restore import restore_page
from tidegate.policy.states import DeploymentState as S


def deployment(number: int, version: str, before: int | None = None, **more: object) -> Deployment:
    """Number `before` served when it was opened."""
    release = Release(id=version, version=version, commit=f"{version.encode().hex():0<40}")
    return Deployment(
        **{
            "id": f"id-{number}",
            "number": number,
            "release": release,
            "release_id": version,
            "kind": "release",
            "state": S.GOOD,
            "stack": "cloudlens",
            "environment": "prod",
            "rollback_target_id": f"id-{before}" if before else None,
            "good_at": AT,
            "figures": {},
            **more,
        }
    )


def backup_of(number: int, name: str = "b") -> StoredBackup:
    return StoredBackup(id=name, deployment_id=f"id-{number}", made_at=AT)


FIRST, SECOND, THIRD = (
    deployment(1, "v1"),
    deployment(2, "v2", before=1),
    deployment(3, "v3", before=2),
)
HISTORY = [THIRD, SECOND, FIRST]


def test_the_version_that_served_when_the_backup_was_made_goes_with_it() -> None:
    assert version_of(backup_of(3), HISTORY, ()) is SECOND
    assert version_of(backup_of(2), HISTORY, ()) is FIRST


def test_after_a_rollback_it_is_the_version_that_the_rollback_put_back() -> None:
    back = deployment(4, "v1", before=3, kind="rollback", origin_id="id-1")
    fifth = deployment(5, "v5", before=4)
    assert version_of(backup_of(5), [fifth, back, *HISTORY], ()) is FIRST


def test_a_backup_of_a_time_when_nothing_served_is_refused() -> None:
    with pytest.raises(InputError, match="nothing served here when it was made"):
        version_of(backup_of(1), HISTORY, ())


def test_a_version_on_hold_is_not_brought_back_with_its_data() -> None:
    with pytest.raises(HeldError, match="v2 served then, and is on hold"):
        version_of(backup_of(3), HISTORY, {SECOND.commit})


def test_the_newest_backup_is_taken_where_none_is_named() -> None:
    kept = [backup_of(3, "b3"), backup_of(2, "b2")]
    assert choose_backup(kept, None).id == "b3"
    assert choose_backup(kept, "b2").id == "b2"


def test_an_unknown_backup_is_answered_with_those_that_are_kept() -> None:
    with pytest.raises(InputError, match=r"Choose one of b3 \(2026-03-01 12:00 UTC\)"):
        choose_backup([backup_of(3, "b3")], "b9")
    with pytest.raises(InputError, match="no verified backup is kept here"):
        choose_backup([], None)


def test_what_was_done_to_the_schema_between_the_backup_and_its_restore_is_gone() -> None:
    restore = deployment(
        4,
        "v1",
        before=3,
        kind="restore",
        origin_id="id-1",
        figures={"restores": {"backup": "b", "before": made_before(backup_of(2), HISTORY)}},
    )
    fifth, history = deployment(5, "v5", before=4), [*HISTORY, restore]
    assert [is_restored_over(one, history) for one in (FIRST, SECOND, THIRD, fifth)] == [
        False,
        True,
        True,
        False,
    ]
    unfinished = deployment(4, "v1", kind="restore", good_at=None, figures=restore.figures)
    assert not is_restored_over(SECOND, [*HISTORY, unfinished])


PLAN = RestorePlan(
    replace(BACKUP, tables={"main.bills": 12, "main.gone": 3}),
    "v1.0.0",
    THIRD,
    {"main.bills": 20, "main.new": 5},
)


def page(plan: RestorePlan = PLAN, language: str = "en", note: str = "") -> str:
    return restore_page(
        plan,
        language,
        now=AT + timedelta(hours=3),
        expires=AT + timedelta(hours=48),
        time_zone="Asia/Tokyo",
        note=note,
    )


def test_the_page_says_what_is_lost_in_each_table_and_what_follows() -> None:
    shown = page(note="The plan has changed")
    for row in (
        "| `main.bills` | 20 | 12 | -8 |",
        "| `main.gone` | – | 3 | +3 |",
        "| `main.new` | 5 | – | -5 |",
    ):
        assert row in shown
    assert shown.startswith("> **⚠ The plan has changed**")
    assert "**⚠ What was written since 2026-03-01 21:00 (Asia/Tokyo) is taken away.**" in shown
    assert "v1.0.0 is started and checked" in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_every_part_in_both_languages(language: str) -> None:
    shown = page(language=language)
    assert shown.count("\n### ") == 3
    assert "`b1`" in shown
    assert "{" not in shown


def test_the_hash_is_of_what_is_decided_and_not_of_rows_that_change_by_themselves() -> None:
    assert replace(PLAN, rows={}).hash == PLAN.hash
    others = [
        replace(PLAN, backup=replace(PLAN.backup, sha256="0")),
        replace(PLAN, version="v2"),
        replace(PLAN, serving=SECOND),
    ]
    assert len({one.hash for one in [PLAN, *others]}) == 4
