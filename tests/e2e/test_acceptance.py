"""A person decides in the real Prefect UI, in a real browser. While a release waits for that,
nothing runs and nothing is locked; whatever happens meanwhile, it ends clearly."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import expect
from rich.console import Console

from cli.run import run as run_control_plane
from setup.places import ROOT
from tests.crash.killing import process_of
from tests.crash.whole import steady
from tests.e2e.browser import Person, field_of, fill_in, open_list, person_at
from tests.e2e.mill import (
    EARLIER_PAGES,
    asked_again,
    containers,
    edit,
    env_file,
    evidence,
    is_waiting,
    newest,
    serving,
    serving_number,
    until,
    waiting_release,
    watched_by_prefect,
)
from tests.e2e.notices import notices_of
from tests.e2e.question_seen import SWITCHES, answer, sees_the_evidence, sees_the_question
from tests.e2e.releases import MOST_SECONDS, ended, resume, start, state_of, suspended
from tests.installation import MILL, Installation

QUICK_HOURS = 15 / 3600
AS_THE_RECORD = pytest.mark.crash_only(
    "as the record; tests/unit/test_pages.py: what is on each page"
)
PICTURES = Path(os.environ.get("TIDEGATE_TEST_PICTURES") or ROOT / ".tidegate" / "test-output")


@pytest.fixture(scope="module")
def first_release(tidegate: Installation) -> Iterator[tuple[int, str]]:
    """Of v1.0.0, by Prefect's own command; its exit code and what it said."""
    with watched_by_prefect(
        tidegate, stack=MILL, version="v1.0.0", watch_seconds="1", requested_by="mei"
    ) as command:
        until(lambda: command.poll() is not None or is_waiting(tidegate))
        resume(UUID(newest(tidegate).run_id))
        said, _ = command.communicate(timeout=MOST_SECONDS)
    yield command.returncode, said
    tidegate.retire(MILL)


@pytest.fixture(scope="module")
def mill(tidegate: Installation, first_release: tuple[int, str]) -> Installation:
    """Staging and production serve v1.0.0."""
    return tidegate


@pytest.fixture(scope="class")
def browser(mill: Installation) -> Iterator[Person]:
    with person_at(mill.plane.ui_url, mill.plane.secret, PICTURES) as person:
        yield person


@pytest.fixture
def person(browser: Person) -> Iterator[Person]:
    yield browser
    browser.look_away()


class TestInTheBrowser:
    """The browser is closed at the end of the class: Prefect's functions behave otherwise beside
    its event loop."""

    def test_a_person_reads_the_evidence_and_approves_and_no_visitor_notices(
        self, mill: Installation, person: Person
    ) -> None:
        run = waiting_release("v1.1.0")
        person.open_run(run)
        person.sees_state("Suspended")
        person.picture("run-that-waits")
        dialog = person.ask_for_the_form()
        sees_the_question(dialog)
        person.picture("approval", dialog)
        beside = person.read_everything(dialog)
        sees_the_evidence(beside.page.locator(".artifact-data-markdown"), mill)
        beside.picture_of_the_whole("evidence", beside.page.locator(".artifact-data-markdown"))
        beside.picture_on_a_phone("evidence-on-a-phone")
        beside.page.close()

        answer(dialog, "approve", "Tried discounts on staging.", SWITCHES[:-1])
        dialog.get_by_role("button", name="Submit").click()
        expect(field_of(dialog, SWITCHES[-1])).to_contain_text("True was expected")
        expect(field_of(dialog, "Reason").get_by_role("textbox")).to_have_value(
            "Tried discounts on staging."
        )
        person.picture("form-with-one-item-open", dialog)
        assert state_of(run).is_paused()
        fill_in(dialog, switches=SWITCHES[-1:])
        with steady(mill, MILL) as client:
            person.submit(dialog)
            state = ended(run)
        assert state.is_completed(), state.message
        assert client.figures.total > 100
        assert client.lost == 0, (client.faults, client.long_faults)
        person.open_run(run)
        person.sees_state("Completed")
        person.picture("run")
        assert serving(mill, "prod") == "v1.1.0"
        decided = mill.ledger.approvals.of(mill.history(MILL)[0].id)
        assert [(one.decision, one.approver, one.reason) for one in decided] == [
            ("approved", "Mei", "Tried discounts on staging.")
        ]

    @pytest.mark.crash_only(
        "tests/flows/stories.py: a release that is rejected; here a restore is rejected"
    )
    def test_a_rejected_release_leaves_production_alone_and_staging_as_seen(
        self, mill: Installation, person: Person
    ) -> None:
        run = waiting_release("v1.4.0")
        before = containers()
        person.open_run(run)
        dialog = person.ask_for_the_form()
        answer(dialog, "reject", "The filter is hard to find.")
        person.submit(dialog)
        state = ended(run)
        person.open_run(run)
        person.sees_state("Failed")
        person.picture("run-rejected")
        assert state.is_failed()
        assert "Mei rejected it: The filter is hard to find. Production was not touched" in str(
            state.message
        )
        assert "Traceback" not in str(state.message)
        assert (serving(mill, "prod"), serving(mill, "staging")) == ("v1.1.0", "v1.4.0")
        assert [one.state.value for one in mill.history(MILL)] == ["rejected", "good", "superseded"]
        assert containers() == before
        assert mill.ledger.locks.holders() == []

    def test_a_person_reads_what_a_restore_would_take_away_and_rejects_it(
        self, mill: Installation, person: Person
    ) -> None:
        before = containers()
        run = start(
            "restore/prod", stack=MILL, reason="The bills of October are gone.", requested_by="mei"
        )
        suspended(run)
        person.open_run(run)
        dialog = person.ask_for_the_form()
        for shown in ("v1.0.0 is to serve them", "What was written since", "is taken away"):
            expect(dialog).to_contain_text(shown)
        beside = person.read_everything(dialog)
        page = beside.page.locator(".artifact-data-markdown")
        for shown in (
            "v1.1.0 (#2)",
            "What was written since",
            "is taken away",
            "main.bills",
            "By the times of the backup",
        ):
            expect(page).to_contain_text(shown)
        expect(page.locator("blockquote")).to_have_count(
            0
        )  # nothing to correct, and no other plan was shown
        beside.picture_of_the_whole("restore", page)
        beside.page.close()
        answer(dialog, "reject", "We enter them again.")
        person.submit(dialog)
        assert "Mei rejected it: We enter them again. Nothing was changed" in str(
            ended(run).message
        )
        assert serving(mill, "prod") == "v1.1.0"
        assert containers() == before

    @pytest.mark.parametrize(
        ("name", "key", "shows"),
        [
            *(pytest.param(*page, marks=AS_THE_RECORD) for page in EARLIER_PAGES),
            ("artifact-record", "prod-2-record", "feat: 折扣分析"),
        ],
    )
    def test_each_stage_leaves_a_page_that_can_be_read(
        self, mill: Installation, person: Person, name: str, key: str, shows: str
    ) -> None:
        run = next(UUID(one.run_id) for one in mill.history(MILL) if one.number == 2)
        person.open_page(run, f"{MILL}-{key}")
        expect(person.page.locator("article", has_text=shows)).to_be_visible()
        person.picture(name)

    def test_the_form_that_starts_a_release_describes_each_parameter_and_lists_the_stacks(
        self, person: Person
    ) -> None:
        person.open_form_of("release", "prod")
        for shown in (
            "Which application.",
            "A tag such as v1.1.0",
            "Show what would change and stop there.",
        ):
            expect(person.page.get_by_text(shown).first).to_be_visible()
        person.picture("form-of-release")
        open_list(field_of(person.page.locator("body"), "stack").first)
        expect(person.page.locator(".p-select-option", has_text=MILL)).to_be_visible()


def test_prefects_own_command_watches_a_release_to_its_end_and_ends_with_zero(
    first_release: tuple[int, str],
) -> None:
    code, said = first_release
    assert code == 0, said


def test_prefects_own_command_does_not_end_with_zero_when_the_release_fails(
    mill: Installation,
) -> None:
    before = newest(mill)
    with watched_by_prefect(mill, stack=MILL, version="v9.9.9") as command:
        output, _ = command.communicate(timeout=MOST_SECONDS)
    assert command.returncode != 0, output
    assert newest(mill).id == before.id


@pytest.mark.crash_only(
    "tests/crash: the worker and the server are killed; here again, while nothing runs"
)
def test_approval_completes_a_release_whose_worker_and_server_were_killed_while_it_waited(
    mill: Installation,
) -> None:
    before = serving_number(mill)
    edit(env_file(mill), "LOG_LEVEL", "ERROR")
    run = waiting_release("v1.4.0")
    until(lambda: process_of(run) == [], 60)
    assert mill.ledger.locks.holders() == []

    for process in (mill.plane.worker, mill.plane.server):
        os.kill(process.pid() or 0, signal.SIGKILL)
    until(lambda: mill.plane.server.pid() is None, 30)
    assert serving_number(mill) == before
    run_control_plane(mill.settings, Console(quiet=True))

    assert state_of(run).is_paused()
    resume(run)
    state = ended(run)
    assert state.is_completed(), state.message
    assert serving_number(mill) == newest(mill).number > before
    assert [one.decision for one in mill.ledger.approvals.of(newest(mill).id)] == ["approved"]


@pytest.mark.crash_only("tests/attacks/test_approval_is_about.py: five other changes")
def test_an_approval_of_a_plan_that_has_changed_since_is_asked_for_again(
    mill: Installation,
) -> None:
    edit(env_file(mill), "LOG_LEVEL", "DEBUG")
    run = waiting_release("v1.4.0")
    shown = newest(mill).plan_hash
    edit(env_file(mill), "LOG_LEVEL", "INFO")
    resume(run)
    asked_again(run)
    waiting = newest(mill)
    assert waiting.plan_hash != shown
    assert mill.ledger.approvals.of(waiting.id) == []
    assert "The plan has changed since it was shown" in evidence(waiting).splitlines()[0]
    assert "- Changed: `LOG_LEVEL`" in evidence(waiting)

    resume(run)
    state = ended(run)
    assert state.is_completed(), state.message
    assert [one.plan_hash for one in mill.ledger.approvals.of(waiting.id)] == [waiting.plan_hash]


@pytest.mark.crash_only("tests/e2e/test_releases.py: a run that is over before anybody decided")
def test_a_release_that_nobody_decides_about_expires_leaves_production_alone_and_is_told(
    mill: Installation,
) -> None:
    before = serving_number(mill)
    edit(env_file(mill), "LOG_LEVEL", "CRITICAL")
    edit(mill.settings.stacks / MILL / "stack.yaml", "approval_hours", f"{QUICK_HOURS}")
    with notices_of(mill, MILL) as told:
        run = waiting_release("v1.4.0")
        end = time.monotonic() + MOST_SECONDS
        while "nobody decided" not in str((state := state_of(run)).message):
            assert time.monotonic() < end, "it still waits"
            ended(start("recover/all"))  # as its schedule does every minute
        until(lambda: "Nobody decided about Mill v1.4.0 in time" in "".join(told))
    assert state.is_cancelled() or state.is_failed()
    assert newest(mill).state.value == "expired"
    assert newest(mill).reason.startswith("nobody decided")
    assert serving_number(mill) == before
    assert mill.ledger.locks.holders() == []
