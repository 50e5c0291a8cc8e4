"""Services that never run twice, such as a scheduler: which ones they are, and where one of them
runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import Work
from tidegate.facts import PROJECT_LABEL, ContainerFacts
from tidegate.stack.names import slot_number
from tidegate.stack.roles import ALONE_LABEL
from tidegate.waiting import to_a_tenth

RUNS = ("running", "restarting", "paused")
MARKED = {ALONE_LABEL: "true"}
"""As a slot has them, however its compose file writes it."""


def role(container: ContainerFacts) -> str:
    """The name in the compose files of the service that a container carries out: `beat` of
    `beat-42` in slot 42."""
    number = slot_number(container.labels.get(PROJECT_LABEL, ""))
    return container.service.removesuffix(f"-{number}") if number.isdecimal() else container.service


def slots_there(env: OpenEnvironment, labels: Mapping[str, str] = {}) -> list[ContainerFacts]:
    """The containers of every slot of the environment, running or not, that carry `labels`."""
    ours = {"tidegate.stack": env.stack.name, "tidegate.environment": env.name}
    return env.host.containers({**ours, **labels})


def alone_in(work: Work) -> set[str]:
    """The services of this slot that start last, when their like has been stopped everywhere else.
    Asked of the containers too: what a way back meets may have been started from another stack file
    than its own."""
    return {role(one) for one in slots_there(work.env, MARKED)} | work.env.alone


def in_slot(project: str, services: Collection[str]) -> set[str]:
    """Their names in the slot."""
    number = slot_number(project)
    return {f"{name}-{number}" for name in services}


def gap_seconds(
    here: Iterable[ContainerFacts], elsewhere: Iterable[ContainerFacts]
) -> float | None:
    """How long a service did not run: from the end of its last container elsewhere to its start
    here, as the engine saw both. None where it ran nowhere else."""
    ended = [one.ended_at for one in elsewhere if one.ended_at]
    began: list[datetime] = [one.started_at for one in here if one.started_at]
    return to_a_tenth((max(began) - max(ended)).total_seconds()) if ended and began else None


def gaps_of(work: Work) -> dict[str, float]:
    """What the journal has of the gaps in which services did not run that never run twice."""
    row = work.env.ledger.journal.get(work.key("hand-over-alone"))
    return dict(row.evidence.get("gap_seconds", {})) if row and row.is_done else {}
