"""A version of several repositories: one commit of each, in its id, on pages and in tables."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from cli import versions
from cli.shown import commit_facts
from cli.status_table import table
from tasks.frame.asked import Releasable
from tests.unit.plans import COMMIT, a_plan
from tests.unit.test_checks import OK, SHA, VERSION, answer, check
from tests.unit.test_cli_tables import STATUS
from tidegate.pages.stages import changed_note, plan_page
from tidegate.pages.words import WORDS
from tidegate.stack.checks import evaluate
from tidegate.versions import (
    MAIN,
    Commit,
    Version,
    begins_with,
    hashes_in,
    id_of_images,
    is_commit,
    is_held,
    recorded,
    short_id,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
FRONT = Commit("f" * 40, "feat: a wider page", "Ann", AT)
KIT = Commit("c" * 40, "fix: buttons", "Bo", AT)
BOTH = Version("v1.1.0", COMMIT, further={"kit": KIT, "front": FRONT})
ID = f"{COMMIT.sha}+front={FRONT.sha}+kit={KIT.sha}"


def test_its_id_has_the_commit_of_each_whatever_their_order() -> None:
    assert BOTH.id == ID
    assert replace(BOTH, further={"front": FRONT, "kit": KIT}).id == ID
    assert replace(BOTH, further={**BOTH.further, "kit": FRONT}).id != ID
    assert Version("v1.1.0", COMMIT).id == COMMIT.sha


def test_the_ledger_s_record_means_the_same_commits() -> None:
    found = recorded("v1.1.0", ID, {}, AT)
    assert found.id == ID
    assert is_commit(ID)
    assert {name: one.sha for name, one in found.commits.items()} == {
        MAIN: COMMIT.sha,
        "front": FRONT.sha,
        "kit": KIT.sha,
    }
    assert hashes_in(id_of_images(["sha256:1", "sha256:2"])) == {}


def test_a_person_may_name_it_by_the_digits_of_any_of_its_commits() -> None:
    assert begins_with(ID, COMMIT.sha[:7])
    assert begins_with(ID, "fffffff")
    assert not begins_with(ID, "front")
    assert begins_with("sha256:" + "1" * 64, "sha256:1111")


@pytest.mark.parametrize(
    ("hold", "is_meant"),
    [
        (COMMIT.sha, True),
        (f"{COMMIT.sha}+front={FRONT.sha}", True),
        (f"{COMMIT.sha}+page={FRONT.sha}+buttons={KIT.sha}", True),
        (f"{COMMIT.sha}+front={'e' * 40}", False),
        (f"{ID}+more={'e' * 40}", False),
        (f"{'e' * 40}+front={FRONT.sha}+kit={KIT.sha}", False),
        ("sha256:" + "1" * 64, False),
    ],
)
def test_a_hold_counts_for_what_has_all_its_commits_whatever_their_repositories_are_called(
    hold: str, is_meant: bool
) -> None:
    assert is_held(ID, [hold]) is is_meant
    assert is_held(ID, ["d" * 40, hold]) is is_meant


def test_a_hold_on_images_counts_for_the_same_images_alone() -> None:
    several = id_of_images(["sha256:1", "sha256:2"])
    assert [is_held(one, [several]) for one in (several, "sha256:1", ID)] == [True, False, False]
    assert not is_held(several, [])


def test_people_read_12_digits_of_each() -> None:
    assert short_id(ID) == f"{COMMIT.sha[:12]} + front {'f' * 12} + kit {'c' * 12}"


@pytest.mark.parametrize("language", sorted(WORDS))
def test_the_pages_show_the_commits_of_each_repository(language: str) -> None:
    plan = replace(a_plan(), version=BOTH, commits={MAIN: (COMMIT,), "front": (FRONT,), "kit": ()})
    page = plan_page(plan, language)
    assert f"`{short_id(ID)}`" in page
    assert "**front** `ffffffffffff`\n\n- feat: a wider page (`fffffff`, Ann)" in page
    assert f"**kit** `cccccccccccc`\n\n{WORDS[language]['nothing']}" in page
    assert plan.changes[:2] == ["feat: discounts", "front: feat: a wider page"]


def test_a_message_has_changes_of_each_repository_in_turn() -> None:
    """It shows the first ones alone."""
    plan = replace(
        a_plan(), version=BOTH, commits={MAIN: (COMMIT, COMMIT), "front": (), "kit": (KIT,)}
    )
    assert plan.changes[:3] == ["feat: discounts", "kit: fix: buttons", "feat: discounts"]


def test_another_commit_of_a_further_repository_is_another_plan_and_says_so() -> None:
    plan = replace(a_plan(), version=BOTH)
    moved = replace(plan, version=replace(BOTH, further={"front": FRONT, "kit": FRONT}))
    assert moved.hash != plan.hash
    note = changed_note(moved, "en", old_commit=ID, old_running="id-1", configuration={})
    assert "kit cccccccccccc` → " in note


@pytest.mark.parametrize(
    ("commit", "outcome"),
    [(SHA, "pass"), ("f" * 40, "pass"), ("f" * 7, "pass"), ("e" * 40, "fail"), ("f", "fail")],
)
def test_a_service_of_a_further_repository_shows_its_own_commit(commit: str, outcome: str) -> None:
    version = replace(VERSION, further={"front": FRONT})
    body = answer({"version": "v1.1.0", "commit": commit})
    assert evaluate(check(shows_version=True), body, version).outcome == outcome
    assert evaluate(check(), OK, version).outcome == "pass"


def test_what_is_printed_for_programs_has_each_commit_by_itself() -> None:
    assert commit_facts(ID) == {
        "commit": COMMIT.sha,
        "further": {"front": FRONT.sha, "kit": KIT.sha},
    }
    assert commit_facts("sha256:1") == {"commit": "sha256:1", "further": {}}
    assert commit_facts(None) == {"commit": None, "further": {}}


def test_the_tables_show_the_commits_of_each_and_what_cannot_be_released() -> None:
    found = [
        Releasable("v1.1.0", ID, AT, "feat: discounts", ("staging #3",), None),
        Releasable("v1.2.0", COMMIT.sha, AT, "feat: more", (), None, ("front",)),
        Releasable("sha-19b9b98", COMMIT.sha, AT, "feat: more", (), None, ("front",)),
    ]
    shown = printed(versions.table(found, "shop"))
    assert "front ffffffffffff" in shown
    assert "front has no such tag, or two" in shown
    assert "front needs a `branch`" in shown
    assert json.dumps(versions.rows(found))
    assert versions.rows(found)[0]["further"] == {"front": FRONT.sha, "kit": KIT.sha}
    assert versions.rows(found)[1]["untagged"] == ("front",)
    assert "front ffffffffffff" in printed(table([{**STATUS, **commit_facts(ID)}]))
    assert COMMIT.sha[:12] not in printed(table([{**STATUS, **commit_facts(COMMIT.sha)}]))


def printed(shown: object) -> str:
    console = Console(width=140, file=io.StringIO(), color_system=None)
    console.print(shown)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text
