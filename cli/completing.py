"""What a shell offers at the Tab key: names from the stack files. Whatever goes wrong offers
nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tidegate.stack.catalogue import Catalogue


def stacks(incomplete: str) -> list[str]:
    """Their names and aliases."""
    known = _catalogue()
    return [name for name in known.names if name.startswith(incomplete)] if known else []


def environments(context: typer.Context, incomplete: str) -> list[str]:
    """Of the stack that is typed already; of all of them where none is."""
    known = _catalogue()
    # after an option, what was typed is not parsed yet
    typed = {context.params.get("stack"), *context.args}
    named = [one for one in known.good if {one.name, *one.aliases} & typed] if known else []
    good = named or (known.good if known else ())
    return sorted(
        {name for one in good for name in one.environments if name.startswith(incomplete)}
    )


def _catalogue() -> Catalogue | None:
    from tidegate.settings import Settings
    from tidegate.stack.catalogue import every_stack

    try:
        return every_stack(Settings().stacks)
    except Exception:  # a person is in the middle of a line: the command itself says what is wrong
        return None
