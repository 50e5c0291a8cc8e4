"""The table of the crash matrix is the whole of one run, or nothing."""

from pathlib import Path

import pytest

from tests.crash.matrix import FAULTS, all_cases
from tests.crash.rows import BEGIN, END, FOLDER, Row, keep, write_table

NAMES = ["release killed after plan", "edge restarted"]
PAGE = f"before\n{BEGIN}\nold\n{END}\nafter\n"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, str(tmp_path / "rows"))
    (tmp_path / "page.md").write_text(PAGE)
    keep(Row("release killed after plan", "old", 0, 120, 7.6))
    return tmp_path / "page.md"


def test_the_rows_of_several_processes_make_one_table_in_the_order_of_the_names(page: Path) -> None:
    keep(Row("edge restarted", "new", 31, 400, 12.0, 1.25))
    assert write_table(page, page.parent / "rows", NAMES[::-1]) == []
    lines = page.read_text().splitlines()
    assert lines[4:6] == [
        "| edge restarted | new | 31 of 400 | 1.2 s | 12 s |",
        "| release killed after plan | old | 0 of 120 | none | 8 s |",
    ]
    assert (lines[0], lines[-1]) == ("before", "after")


def test_a_part_of_a_run_is_not_written(page: Path) -> None:
    assert write_table(page, page.parent / "rows", NAMES) == ["edge restarted"]
    assert page.read_text() == PAGE


def test_no_two_rows_have_the_same_name() -> None:
    names = [*map(str, all_cases()), *FAULTS]
    assert len(set(names)) == len(names)
