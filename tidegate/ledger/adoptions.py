"""What was taken over from people who ran it by hand: read from the journal of the deployment that
took it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment

NOTE = "note-found"
"""The step whose evidence names the containers."""


def adoption_of(
    ledger: Ledger, stack: str, environment: str, slot: str | None = None
) -> Deployment | None:
    """The takeover whose containers serve as `slot`; without one, the newest that was good."""
    history = ledger.deployments.history(stack, environment)
    return next(
        (
            one
            for one in history
            if one.kind == "adoption" and (one.was_good if slot is None else one.slot == slot)
        ),
        None,
    )


def noted(ledger: Ledger, adoption: Deployment) -> list[dict[str, Any]]:
    """The containers as they were found: `id`, `name`, `service`, `image`, `ended`, `ports`."""
    row = ledger.journal.get(
        ledger.journal.key(adoption.environment, adoption.stack, adoption.number, NOTE)
    )
    return list(row.evidence["containers"]) if row is not None and row.is_done else []


def ports_of(container: Mapping[str, Any]) -> dict[str, int]:
    """The ports of the host that it had, as they were `noted` (`0.0.0.0:8180 → 8080`), each with
    its number."""
    return {
        told: int(told.partition(" ")[0].rpartition(":")[2])
        for told in map(str, container["ports"])
    }


def ports_that_serve(ledger: Ledger, stack: str, environment: str) -> set[int]:
    """Ports of the host of containers that were taken over and serve still: theirs also while they
    are down, since they start with them or not at all."""
    now = ledger.deployments.current(stack, environment)
    there = adopted(ledger, stack, environment, now.slot) if now else []
    return {number for one in there for number in ports_of(one).values()}


def adopted(
    ledger: Ledger, stack: str, environment: str, slot: str | None = None
) -> list[dict[str, Any]]:
    """The containers that serve as `slot`; without one, those of the newest takeover. Empty for a
    slot of our own."""
    found = adoption_of(ledger, stack, environment, slot)
    return noted(ledger, found) if found else []


def released_in(
    ledger: Ledger, stack: str, environment: str, slot: str, released: Sequence[str]
) -> list[str]:
    """The services that are in `slot`: all that are `released`. What was taken over has those that
    had a container: only of them it is known which image they had."""
    there = {one["service"] for one in adopted(ledger, stack, environment, slot)}
    return [name for name in released if not there or name in there]
