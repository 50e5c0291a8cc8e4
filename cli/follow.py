"""Start a deployment and follow its run to the end: `tidegate release`, `tidegate rollback`."""

from __future__ import annotations

import getpass
import os
from typing import Any

from pydantic import SecretStr
from rich.console import Console

from cli.control_plane import ControlPlane
from cli.prefect_api import PrefectApi, RunState
from cli.shown import data
from tidegate.settings import Settings

MARKS = {"COMPLETED": "[green]✓[/green]", "FAILED": "[red]✗[/red]", "CRASHED": "[red]✗[/red]", "CANCELLED": "[yellow]✗[/yellow]"}


def start_and_follow(settings: Settings, console: Console, deployment: str, parameters: dict[str, Any]) -> int:
    """Returns the exit code: 0 when the run completed. Interrupting stops the following, not the run."""
    with api_of(settings) as api:
        run = api.start(deployment, {**parameters, "requested_by": getpass.getuser()})
        page = api.page_of(run)
        console.print(f"{deployment}: {page}", soft_wrap=True)
        state = RunState("", "", "")
        for state in api.states(run):
            _show(console, state, page)
    return 0 if state.type == "COMPLETED" else 1


def api_of(settings: Settings) -> PrefectApi:
    """The server and secret that this shell is set to, or those of `make run`.

    Our secret is told to no other server.
    """
    ours, url = ControlPlane(settings).api_url, os.environ.get("PREFECT_API_URL")
    secret = os.environ.get("PREFECT_API_AUTH_STRING")
    if not url or (url == ours and not secret):
        return PrefectApi(ours, settings.api_auth())
    return PrefectApi(url, SecretStr(secret) if secret else None)


def _show(console: Console, state: RunState, page: str) -> None:
    mark = MARKS.get(state.type, "[dim]…[/dim]")
    message = "" if state.type == "COMPLETED" else state.message
    console.print(f"  {mark} {state.name}", data(message, "dim"), soft_wrap=True)
    if state.waits_for_person:
        console.print(f"    A person decides here: {page}", soft_wrap=True)
