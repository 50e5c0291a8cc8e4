"""`tidegate rollback`: the way back for the person on call, from a shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.follow import start_and_follow
from tidegate.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console


def rollback(
    settings: Settings,
    make_console: Callable[[], Console],
    stack: str,
    environment: str,
    *,
    reason: str,
    steps_back: int,
    to: str | None,
) -> int:
    """Returns the exit code."""
    return start_and_follow(
        settings,
        make_console,
        f"rollback/{environment}",
        {
            "stack": stack,
            "environment": environment,
            "reason": reason,
            "steps_back": steps_back,
            "to": to,
        },
    )
