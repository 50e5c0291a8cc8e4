"""The one place through which everything goes that is done to many."""

from __future__ import annotations

import pytest

from tidegate.each import as_ours, each, refuse_faulty
from tidegate.errors import ConfigError, LockedError, TidegateError


def test_each_says_what_is_good_and_what_is_faulty_also_side_by_side() -> None:
    def halved(number: int) -> int:
        return 10 // number

    for at_once in (1, 4):
        found = each({"one": 1, "none": 0, "two": 2}, halved, "halving", at_once=at_once)
        assert dict(found.good) == {"one": 10, "two": 5}
        [fault] = found.faulty
        assert fault.name == "none"
        assert str(fault.error).startswith(
            "halving none: Tidegate met a ZeroDivisionError in test_each.py, line "
        )


def test_the_text_of_a_foreign_error_is_not_told_because_it_may_hold_anything() -> None:
    assert "hunter2" not in str(as_ours(ValueError("password=hunter2"), "reading"))


def test_one_fault_keeps_its_kind_and_several_are_all_named() -> None:
    def refuse(kind: type[TidegateError]) -> None:
        raise kind("doing", "came back", "do")

    one = each({"ant": LockedError}, refuse, "x")
    with pytest.raises(LockedError, match="looking: ant: doing: came back"):
        refuse_faulty(one.faulty, "looking")
    two = each({"ant": LockedError, "bee": ConfigError}, refuse, "x")
    with pytest.raises(TidegateError, match="ant: doing: came back; bee: doing: came back"):
        refuse_faulty(two.faulty, "looking")
    refuse_faulty((), "looking")


def test_a_signal_that_ends_a_run_goes_through() -> None:
    def end(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        each({"ant": 1, "bee": 2}, end, "x")
