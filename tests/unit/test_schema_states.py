"""A state of a schema history is a text that can be compared, and short where people read it."""

from __future__ import annotations

import pytest

from tidegate.schema.states import is_name, moved, names_in, shown, state_of


def test_the_same_names_are_the_same_state_in_whatever_order_they_were_applied() -> None:
    assert state_of(["b", "a", "b"]) == state_of(["a", "b"]) == "a b"
    assert names_in(state_of(["b", "a"])) == ("a", "b")
    assert state_of([]) is None


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("0001", True),
        ("shop.0001_initial", True),
        ("20260101_add_x", True),
        ("", False),
        ("a b", False),
        ("a\nb", False),
        ("\x1b[2J", False),
        ("x" * 256, False),
    ],
)
def test_a_name_has_no_blank_and_nothing_unseen(name: str, is_one: bool) -> None:
    assert is_name(name) is is_one


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (None, "0001", "empty → 0001"),
        ("0002", "0001", "0002 → 0001"),
        ("a b", "a b c", "(2) → (3): +c"),
        ("a b c", "a b", "(3) → (2): -c"),
        ("v1 x", "v2 x", "(2) → (2): +v2 -v1"),
        (None, "a b", "empty → (2): +a +b"),
        ("a", " ".join("abcdefgh"), "a → (8): +b +c +d +e +f … +2"),
    ],
)
def test_a_move_says_what_comes_and_goes(old: str | None, new: str, said: str) -> None:
    assert moved(old, new) == said


def test_many_names_are_shown_as_their_number() -> None:
    assert (shown(None), shown("0001"), shown("a b c")) == ("", "0001", "(3)")
