"""`tidegate release`: a version on its way, from a shell."""

from __future__ import annotations

from rich.console import Console

from cli.follow import start_and_follow
from tidegate.settings import Settings


def release(settings: Settings, console: Console, stack: str, version: str, environment: str, *, plan_only: bool) -> int:
    """Returns the exit code."""
    return start_and_follow(settings, console, f"release/{environment}", {
        "stack": stack, "version": version, "environment": environment, "plan_only": plan_only})
