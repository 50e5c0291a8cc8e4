"""What a shell shows: tables that fit a window of 100 columns, and evidence in words."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from cli import history, status_table
from cli.step_facts import facts_of

STATUS: dict[str, Any] = {
    "stack": "cloudlens",
    "environment": "prod",
    "version": "v1.1.0",
    "number": 12,
    "state": "good",
    "commit": "a" * 40,
    "further": {},
    "since": "2026-11-22T04:02:11+00:00",
    "time_zone": "Asia/Tokyo",
    "edge": "cloudlens/prod/12",
    "agrees": True,
    "containers": ["backend healthy"],
    "answers": 200,
    "trouble": None,
    "called": [],
    "base_waiting": [],
    "base_unknown": None,
    "fault": None,
}
HISTORY: dict[str, Any] = {
    "number": 12,
    "id": "d1",
    "version": "v1.1.0",
    "commit": "a" * 40,
    "further": {},
    "kind": "release",
    "state": "rolled_back",
    "reason": "watching cloudlens prod #12 after the switch: 3 of 40 answers are 5xx. " * 3,
    "requested_by": "mei",
    "approved_by": "josh",
    "same_person": False,
    "run_id": "r1",
    "switched_at": "2026-11-22T04:02:11+00:00",
    "time_zone": "Asia/Tokyo",
    "traffic": "0 of 1402",
}


def printed(table: Table, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(table)
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    return shown


def test_the_status_of_an_environment_fits_on_a_line_of_100_columns() -> None:
    line = next(
        line for line in printed(status_table.table([STATUS])).splitlines() if "cloudlens" in line
    )
    for shown in ("prod", "v1.1.0 (#12)", "good", "Nov 22 13:02 JST", "#12", "backend"):
        assert shown in line


def test_an_edge_that_disagrees_with_the_ledger_is_named() -> None:
    assert "#11, not #12" in printed(
        status_table.table([{**STATUS, "edge": "cloudlens/prod/11", "agrees": False}]), 150
    )
    stolen = printed(status_table.table([{**STATUS, "edge": "other/prod/3", "agrees": False}]), 150)
    assert "other/prod/3, not #12" in stolen
    assert "nobody, not #12" in printed(
        status_table.table([{**STATUS, "edge": None, "agrees": False}]), 150
    )


def test_what_is_wrong_stands_beside_the_ledgers_word() -> None:
    assert "good, but people get 502" in printed(
        status_table.table([{**STATUS, "trouble": "people get 502"}]), 150
    )


def test_an_environment_without_a_release_says_so() -> None:
    empty = {
        **STATUS,
        "version": None,
        "number": None,
        "state": None,
        "since": None,
        "edge": None,
        "containers": [],
    }
    assert "nothing yet" in printed(status_table.table([empty]))


def test_base_services_that_wait_are_named_with_the_command_that_changes_them() -> None:
    assert status_table.base_notes([STATUS]) == []
    assert status_table.base_notes([STATUS, {**STATUS, "base_waiting": ["mysql"]}]) == [
        "cloudlens prod: mysql runs otherwise than the files say, and no release changes it: "
        "`tidegate base cloudlens prod`"
    ]
    [two] = status_table.base_notes([{**STATUS, "base_waiting": ["mysql", "redis"]}])
    assert "mysql, redis run otherwise than the files say, and no release changes them" in two


def test_base_services_of_which_nobody_knows_are_said_to_be_so() -> None:
    unknown = "mysql (reading the env file .env: line 1 has no `=`)"
    assert status_table.base_notes([{**STATUS, "base_unknown": unknown}]) == [
        "cloudlens prod: nobody can say here whether it runs as the files say: "
        f"{unknown}. See `tidegate base cloudlens prod --plan-only`"
    ]


def test_history_shows_local_times_people_and_lost_requests() -> None:
    shown = printed(history.table([HISTORY], "cloudlens", "prod"))
    for text in (
        "v1.1.0",
        "rolled back",
        "2026-11-22",
        "13:02 JST",
        "mei",
        "josh",
        "0 of 1402",
        "watching cloudlens",
    ):
        assert text in shown


def test_a_long_reason_is_cut_with_a_mark_and_brackets_are_no_markup() -> None:
    shown = printed(
        history.table([{**HISTORY, "reason": "[red]" + " word" * 100}], "cloudlens", "prod"), 150
    )
    assert "[red] word" in shown
    assert "…" in shown
    assert shown.count("word") < 40


def test_history_says_when_one_person_asked_and_approved() -> None:
    assert "(the same person)" not in printed(history.table([HISTORY], "cloudlens", "prod"), 150)
    assert "(the same person)" in printed(
        history.table([{**HISTORY, "same_person": True}], "cloudlens", "prod"), 150
    )


def test_a_way_back_is_told_from_a_release() -> None:
    assert "back to v1.1.0" in printed(
        history.table([{**HISTORY, "kind": "rollback"}], "cloudlens", "prod"), 150
    )


@pytest.mark.parametrize(
    ("step", "evidence", "told"),
    [
        (
            "plan",
            {"kind": "additive", "way_back": "image only", "changes": ["a"]},
            "1 commit, schema: additive, way back: image only",
        ),
        (
            "back-up",
            {"made": True, "size": 12288, "tables": {"bills": 3, "users": 1}},
            "12.0 KiB, 2 tables, restored and compared",
        ),
        (
            "back-up",
            {"made": False, "why": "staging has no migration to prepare for"},
            "staging has no migration to prepare for",
        ),
        (
            "smoke-public",
            {
                "checks": [{"outcome": "pass"}, {"outcome": "fail"}],
                "where": "through the edge, again",
            },
            "1 of 2 checks passed, through the edge",
        ),
        ("shift-traffic", {"from": 1, "to": 2, "milliseconds": 35}, "#1 → #2, obeyed after 35 ms"),
        ("shift-traffic", {"from": None, "to": 1, "milliseconds": 35}, "#1, obeyed after 35 ms"),
        ("migrate-schema", {"migrated": ""}, "nothing to migrate"),
        (
            "downgrade-schema",
            {"downgraded": "", "why": "the way back is image only"},
            "the way back is image only",
        ),
        (
            "rehearse-rollback",
            {"rehearsed": False, "why": "no earlier version"},
            "no earlier version",
        ),
        ("hand-over-alone", {"alone": [], "gap_seconds": {}}, "nothing here must run alone"),
        (
            "hand-over-alone",
            {"alone": ["beat", "cron"], "gap_seconds": {"beat": 1.2}},
            "beat, which did not run for 1.2 s, cron",
        ),
        (
            "begin-maintenance",
            {"closed": "x"},
            "nobody is served until the switch",
        ),
        (
            "shift-traffic",
            {"from": 1, "to": 2, "milliseconds": 31, "standby": None, "outage_seconds": 4.2},
            "#1 → #2, obeyed after 31 ms; nobody was served for 4.2 s",
        ),
        (
            "end-maintenance",
            {"serving": 1, "outage_seconds": 4.2},
            "#1 serves again; nobody was served for 4.2 s",
        ),
        (
            "end-maintenance",
            {"serving": None, "why": "people were served all the time"},
            "people were served all the time",
        ),
        (
            "hand-back-alone",
            {"alone": [], "why": "nothing was handed over"},
            "nothing was handed over",
        ),
        ("back-up", {}, ""),
        ("a-step-of-tomorrow", {"x": 1}, ""),
    ],
)
def test_evidence_is_told_in_words(step: str, evidence: dict[str, Any], told: str) -> None:
    assert facts_of(step, evidence) == told


def test_names_and_ports_by_which_others_call_it_are_told() -> None:
    called = ["ocr:8080 on the network back", "port 8180 of the host"]
    assert status_table.called_notes([STATUS, {**STATUS, "called": called}]) == [
        "cloudlens prod: others call it by ocr:8080 on the network back, port 8180 of the host"
    ]
