"""`tidegate rollback`: the way back for the person on call, from a shell."""

from __future__ import annotations

from rich.console import Console

from cli.follow import start_and_follow
from tidegate.settings import Settings


def rollback(settings: Settings, console: Console, stack: str, environment: str, *,
             reason: str, steps_back: int, to: str | None) -> int:
    """Returns the exit code."""
    return start_and_follow(settings, console, f"rollback/{environment}", {
        "stack": stack, "environment": environment, "reason": reason, "steps_back": steps_back, "to": to})
