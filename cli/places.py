"""Which environment a command means that names none."""

from __future__ import annotations

from tidegate.errors import InputError, StackFileError
from tidegate.settings import Settings
from tidegate.stack.catalogue import find_stack


def meant_environment(settings: Settings, stack: str, said: str | None) -> str:
    """What was said, or else the stack's one production, or its only environment. Where its file
    cannot be read, the one place where it serves.

    Raises InputError where that is not one.
    """
    if said:
        return said
    try:
        found = find_stack(settings.stacks, stack)
    except StackFileError as error:
        return _the_one(_deployed(settings, stack), stack, error)
    return _the_one(
        found.productions if len(found.environments) > 1 else [*found.environments], stack
    )


def _the_one(names: list[str], stack: str, error: StackFileError | None = None) -> str:
    if len(names) == 1:
        return names[0]
    if error is not None and not names:
        raise error
    kind = "environments in which something serves" if error else "productions"
    raise InputError(
        f"choosing an environment of {stack}",
        f"it has {len(names)} {kind} ({', '.join(names) or 'none'})",
        "Say which one, with --environment",
    )


def _deployed(settings: Settings, stack: str) -> list[str]:
    from tidegate.ledger.ledger import Ledger

    deployments = Ledger(settings.database_url).deployments
    return [
        name
        for owner, name in deployments.places()
        if owner == stack and deployments.current(stack, name)
    ]
