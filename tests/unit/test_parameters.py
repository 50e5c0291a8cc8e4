"""What a flow takes as a parameter: words that a person can type, and numbers within reason."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from flows import parameters


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("StackName", ["", "a" * 100], ["a" * 101]),
        ("EnvironmentName", ["prod", "a" * 20], ["a" * 21]),
        ("VersionName", ["1", "a" * 60], ["", "a" * 61]),
        ("WatchSeconds", [None, 0, 14_400], [-1, 14_401]),
        ("BackupName", ["", "a" * 120], ["a" * 121]),
        ("Target", [None, "a" * 120], ["a" * 121]),
        ("StepsBack", [1, 20], [0, 21]),
        ("Reason", ["no", "a" * 500], ["", "a", "a" * 501]),
        ("EventText", ["a", "a" * 500], ["", "a" * 501]),
        ("Person", ["", "a" * 100], ["a" * 101]),
    ],
)
def test_a_value_is_taken_up_to_its_limit(kind: str, good: list[Any], bad: list[Any]) -> None:
    taken = TypeAdapter(getattr(parameters, kind))
    assert [taken.validate_python(one) for one in good] == good
    for one in bad:
        with pytest.raises(ValidationError):
            taken.validate_python(one)


@pytest.mark.parametrize("unseen", ["\n", "\x1b", "\u202e", "\u2066"])
def test_what_nobody_sees_or_turns_a_line_round_is_refused(unseen: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(parameters.Reason).validate_python(f"orders{unseen}are empty")
