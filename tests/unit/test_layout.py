"""Tables as a narrow screen can show them, and times as people say them."""

from __future__ import annotations

import pytest

from tidegate.pages.layout import duration_text, table
from tidegate.pages.words import WORDS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("status 200; is v1.1.0", "status 200; is v1.1.0"),
        (
            "is served by `shop prod` (`kept_ports | x`) until this release stops it",
            "is served by `shop prod`<br>(`kept_ports \\| x`) until this release<br>stops it",
        ),
        (
            "可经由入口访问，可经由入口访问，可经由入口",
            "可经由入口访问，可经由入口访问，可经由入<br>口",
        ),
        (f"{'访' * 20}。", f"{'访' * 19}<br>访。"),
        (
            "可经由入口访问，可经由入口访问，可经由（入口",
            "可经由入口访问，可经由入口访问，可经由<br>（入口",
        ),
        (
            r"the team\`s own shop and " + "`docker compose up`",
            r"the team\`s own shop and<br>`docker compose up`",
        ),
        ("a" * 50, "a" * 50),
        ("a ` b", "a ` b"),
    ],
)
def test_a_long_cell_is_broken_where_the_reading_allows_it(text: str, told: str) -> None:
    """The UI breaks no line of a table, and hides what does not fit."""
    assert table(["Answer"], [[text]]).splitlines()[-1] == f"| {told} |"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (90, "90 s"), (900, "15 min")]
)
def test_a_time_is_told_in_minutes_where_it_is_whole_ones(seconds: int, text: str) -> None:
    assert duration_text(seconds, WORDS["en"]) == text
