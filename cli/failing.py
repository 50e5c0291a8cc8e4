"""What a command says when something is wrong, on stderr."""

from __future__ import annotations

import os
from typing import NoReturn

from pydantic import ValidationError

from tidegate.errors import InputError, TidegateError
from tidegate.settings import Settings


def told(error: Exception) -> TidegateError:
    """The error as a person reads it: its text is left out where nobody knows what it holds."""
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return _wrong_settings(error)
    from tidegate.each import as_ours

    return as_ours(error, "running this command")


def _wrong_settings(error: ValidationError) -> TidegateError:
    """Named without their values, of which one is a secret."""
    faults = (
        f"{_place_of(str(one['loc'][0]))}: {one['msg']}"
        for one in error.errors(include_input=False)
    )
    return InputError(
        "reading the settings", "; ".join(faults), "`tidegate docs settings` explains each"
    )


def _place_of(setting: str) -> str:
    """Where a person finds it to correct it."""
    from tidegate.stack.folder import FILE

    variable = f"TIDEGATE_{setting.upper()}"
    return variable if variable in os.environ else f"{setting} in {FILE}"


def refuse(error: TidegateError) -> NoReturn:
    """End the command with exit code 1."""
    warn("[red]✗[/red]", str(error))
    raise SystemExit(1) from None


def warn(mark: str, sentence: str) -> None:
    from rich.console import Console

    from cli.shown import data

    Console(stderr=True).print(mark, data(sentence), soft_wrap=True)
