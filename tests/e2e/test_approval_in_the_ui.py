"""A person who reads no code decides in the real Prefect UI, in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from prefect.client.orchestration import get_client

from blocks.docker_host import DockerHost
from tasks.forms import CHECKLIST, AcceptanceEn
from tests.e2e.browser import Person, field_of, fill_in, open_list, person_at
from tests.e2e.mill import MILL, asked_again, serving, serving_mill, waiting_release
from tests.e2e.releases import ended, start, suspended
from tests.installation import Installation, domain_of
from tidegate.settings import ROOT

PICTURES = Path(os.environ.get("TIDEGATE_TEST_PICTURES") or ROOT / ".tidegate" / "test-output")
SWITCHES = tuple(str(AcceptanceEn.model_fields[item].title) for item in CHECKLIST)
HEADINGS = ("What changes", "What staging answered", "Database changes", "Configuration (names only)", "The way back",
            "Backup", "Your decision")


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with serving_mill(tmp_path_factory.mktemp("mill")) as started:
        yield started


@pytest.fixture(scope="module")
def person(mill: Installation) -> Iterator[Person]:
    with person_at(mill.plane.ui_url, PICTURES) as person:
        yield person


def sees_the_evidence(dialog: Locator, mill: Installation) -> None:
    for heading in HEADINGS:
        expect(dialog.get_by_role("heading", name=heading)).to_be_visible()
    for shown in ("v1.0.0 (#1)", "none (the old version serves meanwhile)", "feat: 折扣分析", "feat: 添加 discount_cache 表",
                  "additive (the old version still works)", "CREATE TABLE discount_cache", "one switch back to v1.0.0",
                  f"http://{domain_of(MILL, 'staging')}:{mill.settings.edge_port}"):
        expect(dialog).to_contain_text(shown)
    for row in ("✓首页status 200; shows \"CloudLens\"", "✓版本status 200; is v1.1.0", "✓登录status 200; signed in",
                "✓账单内容status 200; items.0.id is \"BILL-0001\""):
        expect(dialog.get_by_role("row", name=re.compile(".*")).filter(has_text=row)).to_be_visible()
    expect(dialog).to_contain_text(re.compile(r"The last verified backup is \d+ min old: .* rows in \d+ table"))
    expect(dialog).to_contain_text(re.compile(r"Decide before \d{4}-\d\d-\d\d \d\d:\d\d \(Asia/Tokyo\)"))


def answer(dialog: Locator, decision: str, reason: str, switches: tuple[str, ...] = ()) -> None:
    fill_in(dialog, choices={"Read this, then decide": decision}, texts={"Your name": "Mei", "Reason": reason},
            switches=switches)


def test_a_person_reads_the_evidence_and_approves_and_the_run_completes(mill: Installation, person: Person) -> None:
    run = waiting_release("v1.1.0")
    person.open_run(run)
    person.sees_state("Suspended")
    person.picture("run-that-waits")
    dialog = person.ask_for_the_form()
    sees_the_evidence(dialog, mill)
    person.picture_of_the_whole("approval", dialog)

    answer(dialog, "approve", "Tried discounts on staging.", SWITCHES[:-1])
    person.submit(dialog)
    asked_again(run)
    assert serving(mill, "prod") == "v1.0.0"

    person.open_run(run)
    dialog = person.ask_for_the_form()
    expect(dialog.locator("blockquote")).to_contain_text("before you approve; still open: 1")
    person.picture("asked-again")
    answer(dialog, "approve", "Tried discounts on staging.", SWITCHES)
    person.picture("form-filled-in")
    person.submit(dialog)
    state = ended(run)
    assert state.is_completed(), state.message
    person.sees_state("Completed")
    person.open_run(run)
    person.picture("run")
    assert serving(mill, "prod") == "v1.1.0"
    decided = mill.ledger.approvals.of(mill.history(MILL)[0].id)
    assert [(one.decision, one.approver, one.reason) for one in decided] == [
        ("approved", "Mei", "Tried discounts on staging.")]


def test_a_rejected_release_leaves_production_alone_and_staging_as_it_was_seen(mill: Installation, person: Person) -> None:
    run = waiting_release("v1.4.0")
    before = containers(mill)
    person.open_run(run)
    dialog = person.ask_for_the_form()
    answer(dialog, "reject", "The filter is hard to find.")
    person.submit(dialog)
    state = ended(run)
    person.sees_state("Failed")
    person.open_run(run)
    person.picture("run-rejected")
    assert state.is_failed()
    assert "Mei rejected it: The filter is hard to find. Production was not touched" in str(state.message)
    assert "Traceback" not in str(state.message)
    assert (serving(mill, "prod"), serving(mill, "staging")) == ("v1.1.0", "v1.4.0")
    assert [one.state.value for one in mill.history(MILL)] == ["rejected", "good", "superseded"]
    assert containers(mill) == before
    assert mill.ledger.locks.holders() == []


def test_a_person_reads_what_a_restore_would_take_away_and_rejects_it(mill: Installation, person: Person) -> None:
    before = containers(mill)
    run = start("restore/prod", stack=MILL, reason="The bills of October are gone.", requested_by="mei")
    suspended(run)
    person.open_run(run)
    dialog = person.ask_for_the_form()
    for shown in ("v1.1.0 (#2)", "What was written since", "is taken away", "main.bills", "By the times of the backup"):
        expect(dialog).to_contain_text(shown)
    expect(dialog.locator("blockquote")).to_have_count(0)   # nothing to correct, and no other plan was shown
    person.picture_of_the_whole("restore", dialog)
    answer(dialog, "reject", "We enter them again.")
    person.submit(dialog)
    assert "Mei rejected it: We enter them again. Nothing was changed" in str(ended(run).message)
    assert serving(mill, "prod") == "v1.1.0"
    assert containers(mill) == before


def containers(mill: Installation) -> set[str]:
    """What runs or is kept of production."""
    return {one.name for one in DockerHost().containers({"tidegate.stack": MILL, "tidegate.environment": "prod"})}


@pytest.mark.parametrize(("name", "key", "shows"), [
    ("artifact-plan", "prod-plan", "Checks before the release"), ("artifact-smoke", "prod-2-smoke", "is v1.1.0"),
    ("artifact-backup", "prod-2-backup", "restored and compared in"), ("artifact-traffic", "prod-2-traffic", "Longest gap"),
    ("artifact-record", "prod-2-record", "feat: 折扣分析")])
def test_each_stage_leaves_a_page_that_can_be_read(person: Person, name: str, key: str, shows: str) -> None:
    person.open_page(f"{MILL}-{key}")
    expect(person.page.locator("article", has_text=shows)).to_be_visible()
    person.picture(name)


def test_the_form_that_starts_a_release_describes_each_parameter_and_lists_the_stacks(person: Person) -> None:
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("release/prod").id
    person.open(f"/deployments/deployment/{deployment}/run")
    for shown in ("Which application.", "A tag such as v1.1.0", "Show what would change and stop there."):
        expect(person.page.get_by_text(shown).first).to_be_visible()
    person.picture("form-of-release")
    open_list(field_of(person.page.locator("body"), "stack").first)
    expect(person.page.locator(".p-select-option", has_text=MILL)).to_be_visible()
