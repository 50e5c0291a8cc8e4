"""Which hold is meant by what a person types."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.frame.holds import lift
from tidegate.errors import HeldError
from tidegate.ledger import Ledger

COMMIT = "19b9b98" + "0" * 33


@pytest.fixture
def opened(ledger: Ledger) -> Any:
    for version, commit in (("v1.1.0", COMMIT), ("2", "2" * 40)):
        ledger.holds.place(
            stack="shop", version=version, commit=commit, reason="it fails", placed_by="mei"
        )
    return SimpleNamespace(stack=SimpleNamespace(name="shop"), ledger=ledger)


@pytest.mark.parametrize("said", ["v1.1.0", "1.1.0", "19b9b98", "sha-19b9b98", COMMIT])
def test_a_version_is_meant_by_its_name_or_by_the_beginning_of_its_commit(
    opened: Any, ledger: Ledger, said: str
) -> None:
    hold = lift.fn(opened, said, reason="corrected", lifted_by="mei")
    assert hold.version == "v1.1.0"
    assert [one.version for one in ledger.holds.active("shop")] == ["2"]


@pytest.mark.parametrize("said", ["v1.1", "1", "19b9b9", "sha-19b9b9", "2222222v", "c0ffee00"])
def test_what_is_on_hold_is_listed_where_nothing_is_meant(opened: Any, said: str) -> None:
    with pytest.raises(HeldError, match=r"\(on hold: 2, v1.1.0\)"):
        lift.fn(opened, said, reason="corrected", lifted_by="mei")


def test_where_nothing_is_on_hold_that_is_said(ledger: Ledger) -> None:
    opened: Any = SimpleNamespace(stack=SimpleNamespace(name="shop"), ledger=ledger)
    with pytest.raises(HeldError, match=r"\(on hold: nothing\)"):
        lift.fn(opened, "v1", reason="corrected", lifted_by="mei")
