"""`tidegate base`: change databases and other base services from a shell, and read what differs."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.follow import api_of, follow
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
    from rich.markdown import Markdown

    api, deployment = api_of(settings), f"base/{environment}"
    run = api.start(
        deployment,
        {
            "stack": stack,
            "environment": environment,
            "reason": reason,
            "plan_only": plan_only,
            "requested_by": getpass.getuser(),
        },
    )
    console = make_console()
    code = follow(settings, api, run, console, deployment)
    if plan_only and (found := api.pages(run, "base")):
        console.print(Markdown(found[0]))
    return code
