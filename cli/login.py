"""`tidegate login`: how a person enters the Prefect UI. The secret is shown to a terminal alone."""

from __future__ import annotations

import sys

from rich.console import Console

from cli.control_plane import ControlPlane
from tidegate.errors import InputError
from tidegate.settings import Settings

HOW = (
    "Its login page asks for one line of text, in a field that shows `admin:pass`. "
    "The browser keeps it until the data of the site are cleared.",
    "Whoever has the line may start and approve everything: "
    "give it only to people who may, and not by a chat.",
)


def login(settings: Settings, console: Console, *, show: bool) -> None:
    """Says where the UI is and what its login page asks for.

    Raises InputError when the secret would go to something else than a terminal.
    """
    secret = settings.api_auth().get_secret_value()
    if show and not sys.stdout.isatty():
        raise InputError(
            "showing the secret of the UI",
            "the output is no terminal and may end in a log",
            f"Run it in a terminal, or read {settings.api_auth_file}",
        )
    file = f"The line stands in {settings.api_auth_file}; `tidegate login --show` prints it here."
    runs = ControlPlane(settings).server.pid() is not None
    asleep = (
        ""
        if runs
        else "[yellow]No server of this folder runs now; `tidegate run` starts it.[/yellow]"
    )
    for text in (*_where(settings), *filter(None, [asleep]), *HOW, "" if show else file):
        console.print(text, soft_wrap=True)
    if show:
        console.print(secret, markup=False, highlight=False, soft_wrap=True)


def _where(settings: Settings) -> list[str]:
    here, _, *team = settings.ui_origins
    return [f"Open [bold]{address}[/bold]" for address in team or [here]]
