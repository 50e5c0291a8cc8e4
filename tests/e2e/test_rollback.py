"""The way back, from each state in which it can be found, while people use what serves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blocks.probes.witness import TrafficWitness
from tests.e2e.ferry import (
    containers_of,
    done,
    evidence,
    good,
    keep_warm,
    newest,
    on_hold,
    refused,
    revision,
    sql,
    wait_until,
    went_back,
)
from tests.e2e.in_process import (
    PATIENCE_SECONDS,
    assert_true_and_clean,
    nothing_left_of,
    release_here,
    roll_back_here,
    serving,
    set_start_budget,
    slots,
)
from tests.e2e.notices import notices_of
from tests.e2e.places import folder_of, in_slot, mount
from tests.e2e.releases import ended, rollback_command, said_until, start
from tests.installation import FERRY, Installation, domain_of
from tidegate.pages.fault_words import ZH

LEAST_REQUESTS = 50
ENDLESS_SECONDS = 3600
LOSSY = "v1.2.7-lossy-downgrade"
SEEN_BY_GUARDS = pytest.mark.crash_only(
    "tests/flows/test_guards.py: a rollback may take over before and after a step"
)


@pytest.fixture(scope="module")
def notices(tidegate: Installation) -> Iterator[list[str]]:
    with notices_of(tidegate, FERRY) as texts:
        yield texts
    tidegate.retire(FERRY)


@pytest.fixture(scope="module")
def ferry(tidegate: Installation, notices: list[str]) -> str:
    """Production alone, on its second version, with other files of the team's folder; its first
    one's slot is stopped."""
    mount(
        tidegate,
        FERRY,
        "./banner.conf:/etc/banner.conf:ro",
        "./media:/srv/media",
        files=["./media"],
    )
    for version in ("v1.0.0", "v1.1.0"):
        (folder_of(tidegate, FERRY) / "banner.conf").write_text(f"banner of {version}")
        good(tidegate, version)
        write = f"for one in $(seq 25); do echo {version} >/srv/media/{version}-$one; done"
        in_slot(tidegate, FERRY, write)
    return FERRY


@pytest.fixture
def nobody_lost(tidegate: Installation, ferry: str) -> Iterator[TrafficWitness]:
    """20 requests a second while the test lasts, and at least 50 of them; one that is lost fails
    the test."""
    with TrafficWitness(
        tidegate.plane.edge_url,
        domain_of(ferry, "prod"),
        "/health",
        timeout_seconds=PATIENCE_SECONDS,
    ) as visitors:
        yield visitors
        wait_until(lambda: visitors.figures().total >= LEAST_REQUESTS)
    assert visitors.figures().failed == 0, visitors.failures()


@pytest.mark.usefixtures("nobody_lost")
def test_a_stopped_slot_is_started_again_and_the_version_left_is_held(
    tidegate: Installation, ferry: str, notices: list[str]
) -> None:
    left = newest(tidegate)
    assert in_slot(tidegate, ferry, "cat /etc/banner.conf") == "banner of v1.1.0"
    assert slots(tidegate, ferry)[tidegate.history(ferry)[1].slot] == "exited"
    with rollback_command(tidegate, ferry, "账单金额不对") as command:
        assert "v1.0.0 serves again, " in said_until("serves again", command)
        assert serving(tidegate, ferry)[0] == "v1.0.0"
        # The others still end, and nothing is recorded.
        assert not done(tidegate, newest(tidegate), "stop-slot-left")
        assert "✓ Completed" in said_until("Completed", command)
    assert command.returncode == 0
    back = newest(tidegate)
    assert (back.kind, back.version, back.reason) == ("rollback", "v1.0.0", "账单金额不对")
    assert evidence(tidegate, back, "wake-slot") == {"was": "stopped"}
    shown = in_slot(tidegate, ferry, "cat /etc/banner.conf; ls /srv/media | wc -l")
    assert shown == "banner of v1.0.050\n"
    assert tidegate.ledger.deployments.get(left.id).state.value == "rolled_back"
    assert on_hold(tidegate) == {"v1.1.0"}
    assert "账单金额不对" in notices[-1]
    assert [row.sent_at is not None for row in tidegate.ledger.messages.of(back.id)] == [True]
    assert_true_and_clean(tidegate, ferry, back)


@pytest.mark.usefixtures("nobody_lost")
def test_a_rollback_of_a_rollback_finds_nothing_further_back_and_says_so(
    tidegate: Installation, ferry: str
) -> None:
    before = newest(tidegate)
    assert "There is no candidate" in refused()
    assert newest(tidegate).id == before.id
    assert_true_and_clean(tidegate, ferry, before)


@pytest.mark.crash_only(
    "tests/unit/test_targets.py; tests/flows: a rollback to a slot that is gone"
)
@pytest.mark.usefixtures("nobody_lost")
def test_a_version_can_be_named_and_an_unknown_one_is_answered_with_the_candidates(
    tidegate: Installation, ferry: str
) -> None:
    slot = newest(tidegate).slot
    last = good(tidegate, "v1.1.0")
    message = refused(to="v9.9.9")
    assert "Choose one of" in message
    assert "v1.0.0" in message
    assert newest(tidegate).id == last.id

    for container in containers_of(tidegate, slot):  # it is made anew
        container.remove(force=True)
    back = went_back(tidegate, to="1.0.0")
    assert evidence(tidegate, back, "wake-slot") == {"was": "gone"}
    assert serving(tidegate, ferry)[0] == "v1.0.0"
    assert_true_and_clean(tidegate, ferry, newest(tidegate))


@pytest.mark.crash_only("tests/unit/test_targets.py: a rollback of a rollback goes further back")
@pytest.mark.usefixtures("nobody_lost")
def test_two_rollbacks_go_two_versions_back(tidegate: Installation, ferry: str) -> None:
    good(tidegate, "v1.1.0")
    good(tidegate, "v1.4.0")
    for version in ("v1.1.0", "v1.0.0"):
        went_back(tidegate)
        assert serving(tidegate, ferry)[0] == version
    assert on_hold(tidegate) == {"v1.1.0", "v1.4.0"}
    assert_true_and_clean(tidegate, ferry, newest(tidegate))


@pytest.mark.usefixtures("nobody_lost")
@SEEN_BY_GUARDS
def test_a_rollback_during_the_watch_takes_over_and_the_release_undoes_nothing(
    tidegate: Installation, ferry: str
) -> None:
    before = good(tidegate, "v1.1.0")
    run = start("release/prod", stack=ferry, version="v1.4.0", watch_seconds=300)
    wait_until(lambda: newest(tidegate).state.value == "watching")
    watched = newest(tidegate)
    back = went_back(tidegate)
    assert (back.kind, back.origin_id, back.version) == ("rollback", before.id, "v1.1.0")
    assert evidence(tidegate, back, "wake-slot") == {"was": "warm"}
    release = ended(run)
    assert release.is_failed()
    assert ZH["FencedError"] in (release.message or "")
    names = {row.name for row in tidegate.ledger.journal.steps(watched.id)}
    assert not names & {"shift-back", "remove-slot", "downgrade-schema"}
    assert tidegate.ledger.deployments.get(watched.id).state.value == "rolled_back"
    assert_true_and_clean(tidegate, ferry, back)


@pytest.mark.usefixtures("nobody_lost")
def test_a_slot_that_is_kept_warm_runs_on_after_its_release_and_needs_no_start(
    tidegate: Installation, ferry: str
) -> None:
    keep_warm(tidegate, True)
    before = newest(tidegate)
    left = good(tidegate, "v1.4.0")
    assert slots(tidegate, ferry) == {before.slot: "running", left.slot: "running"}
    state = roll_back_here(ferry)
    keep_warm(tidegate, False)
    assert state.is_completed(), state.message
    assert evidence(tidegate, newest(tidegate), "wake-slot") == {"was": "warm"}
    assert_true_and_clean(tidegate, ferry, newest(tidegate))


@SEEN_BY_GUARDS
@pytest.mark.usefixtures("nobody_lost")
def test_a_rollback_before_the_switch_puts_the_unfinished_release_back_first(
    tidegate: Installation, ferry: str
) -> None:
    good(tidegate, "v1.4.0")
    set_start_budget(tidegate, ferry, ENDLESS_SECONDS)  # not to wait for what the rollback removes
    run = start("release/prod", stack=ferry, version="v1.2.0-never-healthy")
    wait_until(lambda: newest(tidegate).version == "v1.2.0-never-healthy")
    unfinished = newest(tidegate)
    wait_until(lambda: unfinished.slot in slots(tidegate, ferry))
    went_back(tidegate)
    assert serving(tidegate, ferry)[0] == "v1.1.0"
    ended_as = tidegate.ledger.deployments.get(unfinished.id)
    assert ended_as.state.value == "failed"
    assert "has taken over" in ended_as.reason
    assert nothing_left_of(tidegate, unfinished.slot)
    assert ended(run).is_failed()
    set_start_budget(tidegate, ferry, 60)
    assert_true_and_clean(tidegate, ferry, newest(tidegate))


@pytest.mark.crash_only("tests/flows/test_afterwards.py")
def test_a_version_that_is_dead_is_left_all_the_same(tidegate: Installation, ferry: str) -> None:
    dead = good(tidegate, "v1.4.0")
    for container in containers_of(tidegate, dead.slot):
        container.kill()
    assert tidegate.get(domain_of(ferry, "prod")).status_code >= 500
    went_back(tidegate)
    assert_true_and_clean(tidegate, ferry, newest(tidegate))


@pytest.mark.crash_only("tests/flows/test_afterwards.py; tests/integration/test_migrator.py")
@pytest.mark.usefixtures("nobody_lost")
def test_a_change_the_old_version_cannot_live_with_is_taken_back_where_the_data_fit(
    tidegate: Installation, ferry: str
) -> None:
    before = newest(tidegate)
    asked = good(tidegate, "v1.3.1-longer-note")
    assert evidence(tidegate, asked, "plan")["way_back"] == "ask the data"
    assert revision(tidegate) == "0003"

    sql(tidegate, "UPDATE bills SET note = REPEAT('x', 201) WHERE id = 'BILL-0001'")
    message = refused()
    assert "(bills.note holds values of at most 200 characters: not so in 1 row)" in message
    assert revision(tidegate) == "0003"
    assert_true_and_clean(tidegate, ferry, asked)

    sql(tidegate, "UPDATE bills SET note = 'short' WHERE id = 'BILL-0001'")
    back = went_back(tidegate)
    assert evidence(tidegate, back, "downgrade-schema") == {"downgraded": "main: 0003 → 0002"}
    assert revision(tidegate) == "0002"
    assert serving(tidegate, ferry)[0] == before.version
    assert_true_and_clean(tidegate, ferry, newest(tidegate))


@pytest.mark.usefixtures("nobody_lost")
@pytest.mark.crash_only("tests/flows: a version whose migration would lose data")
def test_a_release_that_fails_after_a_lossy_change_stops_and_asks_until_a_corrected_one_is_good(
    tidegate: Installation, ferry: str, notices: list[str]
) -> None:
    before = newest(tidegate)
    set_start_budget(tidegate, ferry, 1)
    state = release_here(ferry, LOSSY)
    set_start_budget(tidegate, ferry, 60)
    assert state.is_failed()
    left = newest(tidegate)
    assert left.state.value == "needs_person"
    for said in (
        "cannot be undone without losing",
        "It began with: ",
        "not healthy within its start budget",
        "restore the backup",
    ):
        assert said in (state.message or "")
        assert said in left.reason
    assert "It began with: " in notices[-1]
    assert on_hold(tidegate) >= {LOSSY}
    assert revision(tidegate) == "0003"
    assert serving(tidegate, ferry) == (before.version, before.number)

    corrected = good(tidegate, LOSSY)
    assert tidegate.ledger.deployments.get(left.id).state.value == "failed"
    assert nothing_left_of(tidegate, left.slot)
    assert_true_and_clean(tidegate, ferry, corrected)


@pytest.mark.crash_only("tests/flows/stories.py: a rollback that would lose data")
@pytest.mark.usefixtures("nobody_lost")
def test_where_data_would_be_lost_the_way_back_stops_and_asks(
    tidegate: Installation, ferry: str, notices: list[str]
) -> None:
    lossy = good(tidegate, LOSSY)
    message = refused()
    for said in (
        "cannot be undone without losing what was written since",
        "Decide:",
        "restore the backup",
    ):
        assert said in message
        assert said in notices[-1]
    rejected = newest(tidegate)
    assert (rejected.kind, rejected.state.value) == ("rollback", "rejected")
    assert on_hold(tidegate) == set()
    assert revision(tidegate) == "0003"
    assert_true_and_clean(tidegate, ferry, lossy)
