"""The table of what the checks of a version answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.facts import CheckResult
from tidegate.pages.results import smoke_table


def cells(row: str) -> list[str]:
    """The cells of one table row, as a markdown reader splits it: at each bar that is not
    escaped."""
    return row.replace("\\|", "\0").strip().strip("|").split("|")


@given(name=st.text(max_size=20), detail=st.text(max_size=40))
def test_no_check_can_break_its_table(name: str, detail: str) -> None:
    table = smoke_table([CheckResult(name, "fail", detail, 1.0)], "en")
    head, line, row = table.splitlines()
    assert len(cells(head)) == len(cells(line)) == len(cells(row)) == 4


def test_a_failed_check_and_one_that_could_not_run_are_equally_red() -> None:
    table = smoke_table(
        [
            CheckResult("a", "fail", "500", 0.1),
            CheckResult("b", "error", "no answer", 0.1),
            CheckResult("c", "pass", "200", 0.1),
        ],
        "en",
    )
    assert [row[2] for row in table.split("\n")[2:]] == ["✗", "✗", "✓"]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, ""), (0.0002, "1 ms"), (0.0042, "4 ms"), (1.26, "1.3 s")]
)
def test_a_quick_answer_took_some_time_too(seconds: float, shown: str) -> None:
    row = smoke_table([CheckResult("a", "pass", "200", seconds)], "en").splitlines()[2]
    assert cells(row)[3].strip() == shown
