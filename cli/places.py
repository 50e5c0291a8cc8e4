"""Which environment a command means that names none."""

from __future__ import annotations

from tidegate.errors import InputError, LedgerError, StackFileError
from tidegate.settings import Settings
from tidegate.stack.catalogue import find_stack
from tidegate.stack.file import Stack


def meant_environment(settings: Settings, stack: str, said: str | None) -> str:
    """What was said, or else the stack's one production, or its only environment. Where its file
    cannot be read, the one place where it serves.

    Raises InputError where that is not one, and for a name that neither the file nor the ledger
    knows.
    """
    try:
        found = find_stack(settings.stacks, stack)
    except StackFileError as error:
        if said:
            return said
        return _the_one(_deployed(settings, stack), stack, error)
    if said:
        return _known(settings, found, said)
    return _the_one(
        found.productions if len(found.environments) > 1 else [*found.environments], stack
    )


def _known(settings: Settings, stack: Stack, said: str) -> str:
    if said in stack.environments or said in _deployed(settings, stack.name):
        return said
    services = {one.name for one in stack.services} | {one.service for one in stack.databases}
    to_do = (
        f"That is a service: `tidegate logs {stack.name} ENVIRONMENT --service {said}`"
        if said in services
        else "Use one of these, or add it to stack.yaml: it is known within a minute"
    )
    raise InputError(
        f"choosing an environment of {stack.name}",
        f"it has no {said!r} (it has {', '.join(stack.environments)})",
        to_do,
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
        "Name one of them at the end of the command",
    )


def _deployed(settings: Settings, stack: str) -> list[str]:
    """Nothing where Tidegate was never started."""
    from tidegate.ledger.ledger import Ledger
    from tidegate.ledger.store import NEVER_STARTED

    deployments = Ledger(settings.database_url).deployments
    try:
        places = deployments.places()
    except LedgerError as error:
        if error.came_back == NEVER_STARTED:
            return []
        raise
    return [name for owner, name in places if owner == stack and deployments.current(stack, name)]
