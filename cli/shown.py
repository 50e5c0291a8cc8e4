"""Texts of others at a terminal: what is in them is shown, never obeyed."""

from __future__ import annotations

from rich.text import Text

from tidegate.secrecy.outside_text import clean, one_line


def data(text: str, style: str = "") -> Text:
    """A text of several lines as it is: no colours by `[red]`, no pictures by `:bell:`, no escape
    sequence."""
    return Text(clean(text), style=style)


def line(text: str, most: int = 500, style: str = "") -> Text:
    """The same on one line."""
    return Text(one_line(text, most), style=style)
