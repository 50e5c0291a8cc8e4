"""`tidegate login`: how a person enters the Prefect UI. The secret goes to a terminal, on request, and nowhere else."""

from __future__ import annotations

import sys

from rich.console import Console

from tidegate.errors import InputError
from tidegate.settings import Settings


def login(settings: Settings, console: Console, *, show: bool) -> None:
    """Says where the UI is and what its login page asks for. Raises InputError when the secret would not go to a terminal."""
    secret = settings.api_auth().get_secret_value()
    if show and not sys.stdout.isatty():
        raise InputError("showing the secret of the UI", "the output is no terminal and may end in a log",
                         f"Run it in a terminal, or read {settings.api_auth_file}")
    here, _, *team = settings.ui_origins
    for address in team or [here]:
        console.print(f"Open [bold]{address}[/bold]", soft_wrap=True)
    console.print("Its login page asks for one line of text, in a field that shows `admin:pass`. "
                  "The browser keeps it until the data of the site are cleared.", soft_wrap=True)
    if show:
        console.print(f"\n{secret}\n", markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(f"The line stands in {settings.api_auth_file}; `tidegate login --show` prints it here.", soft_wrap=True)
    console.print("Whoever has it may start and approve everything: give it only to people who may, and not by a chat.")
