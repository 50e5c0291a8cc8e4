"""`tidegate release`: a version on its way, from a shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.follow import start_and_follow
from tidegate.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console


def release(
    settings: Settings,
    make_console: Callable[[], Console],
    stack: str,
    version: str,
    environment: str,
    *,
    plan_only: bool,
) -> int:
    """Returns the exit code."""
    return start_and_follow(
        settings,
        make_console,
        f"release/{environment}",
        {"stack": stack, "version": version, "environment": environment, "plan_only": plan_only},
    )
