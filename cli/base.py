"""`tidegate base`: change databases and other base services from a shell, and read what differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.follow import start_and_follow
from tidegate.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console


def base(
    settings: Settings,
    make_console: Callable[[], Console],
    stack: str,
    environment: str,
    *,
    reason: str,
    plan_only: bool,
) -> int:
    """Returns the exit code."""
    return start_and_follow(
        settings,
        make_console,
        f"base/{environment}",
        {"stack": stack, "environment": environment, "reason": reason, "plan_only": plan_only},
        page="base" if plan_only else "",
    )
