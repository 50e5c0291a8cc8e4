"""`tidegate adopt`: take over what runs by hand, from a shell, and read what was found."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.follow import api_of, follow
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
    from rich.markdown import Markdown

    api, deployment = api_of(settings), f"adopt/{environment}"
    run = api.start(
        deployment,
        {
            "stack": stack,
            "environment": environment,
            "plan_only": plan_only,
            "requested_by": getpass.getuser(),
        },
    )
    console = make_console()
    code = follow(settings, api, run, console, deployment)
    if found := api.pages(run, "found"):
        console.print(Markdown(found[0]))
    return code
