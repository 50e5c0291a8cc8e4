"""Start a deployment and follow its run to the end, as `tidegate release` and its like do."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from cli import BEGUN
from cli.prefect_api import PrefectApi, RunState
from tidegate.pages.serving_again import is_served_again
from tidegate.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

MARKS = {
    "COMPLETED": "[green]✓[/green]",
    "FAILED": "[red]✗[/red]",
    "CRASHED": "[red]✗[/red]",
    "CANCELLED": "[yellow]✗[/yellow]",
}


def start_and_follow(
    settings: Settings,
    make_console: Callable[[], Console],
    deployment: str,
    parameters: dict[str, Any],
    *,
    page: str = "",
) -> int:
    """Returns the exit code: 0 when the run completed. Interrupting stops the following, not the
    run. At the end the `page` of that name is shown, where the run has left one.

    The console is made once the run is on its way, since what draws it takes long to import.
    """
    api = api_of(settings)
    run = api.start(deployment, {**parameters, "requested_by": getpass.getuser()})
    console = make_console()
    code = _follow(settings, api, run, console, deployment)
    if page:
        _show_page(console, api, run, page)
    return code


def _follow(
    settings: Settings, api: PrefectApi, run: str, console: Console, deployment: str
) -> int:
    page, last, told = api.page_of(run), RunState("", "", ""), set[str]()
    console.print(f"{deployment}: {page}", soft_wrap=True)
    for state in api.states(run):
        for tag in sorted({*state.tags} - {*last.tags}):
            _show_served_again(console, tag)
        if state.without_tags != last.without_tags:
            _show(console, state, page)
        elif state.has_not_begun:
            told |= _show_why_it_waits(settings, api, console, told)
        last = state
    return 0 if last.type == "COMPLETED" else 1


def _show_why_it_waits(
    settings: Settings, api: PrefectApi, console: Console, told: Collection[str]
) -> set[str]:
    """What has not been said yet of why nobody starts it. Nothing where it only has to wait for its
    turn."""
    from cli.attendance import absent
    from cli.shown import data

    new = {sentence for sentence in absent(settings, api) if sentence not in told}
    for sentence in sorted(new):
        console.print(
            "  [yellow]![/yellow] It waits to be started.", data(sentence), soft_wrap=True
        )
    return new


def api_of(settings: Settings) -> PrefectApi:
    """The server and secret that this shell is set to, or those of `tidegate run`.

    Our secret is told to no other server.
    """
    ours, url = settings.api_url, os.environ.get("PREFECT_API_URL")
    secret = os.environ.get("PREFECT_API_AUTH_STRING")
    if not url or (url == ours and not secret):
        return PrefectApi(ours, settings.api_auth())
    return PrefectApi(url, SecretStr(secret) if secret else None)


def _show(console: Console, state: RunState, page: str) -> None:
    from cli.shown import data

    mark = MARKS.get(state.type, "[dim]…[/dim]")
    message = "" if state.type == "COMPLETED" else state.message
    console.print(f"  {mark} {state.name}", data(message, "dim"), soft_wrap=True)
    if state.waits_for_person:
        console.print(f"    A person decides here: {page}", soft_wrap=True)


def _show_page(console: Console, api: PrefectApi, run: str, page: str) -> None:
    from rich.markdown import Markdown

    for found in api.pages(run, page)[:1]:
        console.print(Markdown(found))


def _show_served_again(console: Console, tag: str) -> None:
    from cli.shown import line

    if is_served_again(tag):
        console.print(
            "  [green]✓[/green]",
            line(f"{tag}, {time.monotonic() - BEGUN:.1f} s after the command"),
            soft_wrap=True,
        )
