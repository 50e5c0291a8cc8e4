"""`tidegate adopt`: take over what runs by hand, from a shell, and read what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.follow import start_and_follow
from tidegate.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console


def adopt(
    settings: Settings,
    make_console: Callable[[], Console],
    stack: str,
    environment: str,
    *,
    plan_only: bool,
) -> int:
    """Returns the exit code."""
    return start_and_follow(
        settings,
        make_console,
        f"adopt/{environment}",
        {"stack": stack, "environment": environment, "plan_only": plan_only},
        page="found",
    )
