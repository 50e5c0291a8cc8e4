"""One line that a container printed."""

from __future__ import annotations

from dataclasses import dataclass

from tidegate.secrecy.outside_text import clean


@dataclass(frozen=True, order=True)
class LogLine:
    """`at` is the engine's time in UTC, as it writes it: `2026-11-27T12:05:00.123456789Z`."""

    at: str
    service: str
    text: str


def line_from(service: str, printed: str) -> LogLine:
    """As the engine gives it with its time before it: what is in it is shown, and no secret and no
    escape sequence is."""
    at, _, text = printed.partition(" ")
    return LogLine(at, service, clean(text.rstrip("\r\n")))
