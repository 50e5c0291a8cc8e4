"""The commands by what a person wants, in the order in which a newcomer meets them."""

from __future__ import annotations

from typing import Any, cast

from typer.core import TyperCommand, TyperGroup

PANELS = {
    "Begin": ("demo", "init", "check", "doctor", "schema", "docs"),
    "Release": ("versions", "release", "rollback", "adopt", "base"),
    "Look": ("status", "history", "logs", "audit"),
    "Run Tidegate": ("run", "stop", "login", "upgrade", "edge", "service"),
}


class Panels(TyperGroup):
    """`tidegate --help` shows them so; what is in no panel would stand before them all."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for panel, names in PANELS.items():
            for name in names:
                command = cast(TyperCommand, self.commands.pop(name))
                command.rich_help_panel = panel
                self.commands[name] = command
