"""The names that a person may pick in a form: those of the stack files, and of what the ledger says
is still there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.ledger.ledger import Ledger
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack


@dataclass(frozen=True)
class Choices:
    """`stacks` are all names and aliases; `places` are those that may be asked for in each
    environment."""

    stacks: tuple[str, ...]
    places: Mapping[str, tuple[str, ...]]

    @property
    def environments(self) -> tuple[str, ...]:
        return tuple(self.places)


def choices(settings: Settings) -> Choices:
    """As the stack files and the ledger say it now.

    A faulty stack may be asked for everywhere: whoever does is told what is wrong with it. What
    serves, or is on its way, can be rolled back although no stack file names it any more.
    """
    catalogue = every_stack(settings.stacks)
    faulty = [one.name for one in catalogue.faulty]
    places: dict[str, list[str]] = {}
    for stack, environment in catalogue.places.values():
        places.setdefault(environment, []).extend((stack.name, *stack.aliases))
    for name, environment in _deployed(settings):
        places.setdefault(environment, []).append(name)
    named = {
        environment: tuple(dict.fromkeys([*names, *faulty]))
        for environment, names in places.items()
    }
    deployed = (name for names in named.values() for name in names)
    return Choices(tuple(dict.fromkeys([*catalogue.names, *deployed])), named)


def _deployed(settings: Settings) -> list[tuple[str, str]]:
    deployments = Ledger(settings.database_url).deployments
    return [
        (stack, environment)
        for stack, environment in deployments.places()
        if deployments.current(stack, environment) or deployments.open_ones(stack, environment)
    ]
