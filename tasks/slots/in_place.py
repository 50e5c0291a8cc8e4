"""Releases that nobody can be served during: people are sent to a service that never runs twice."""

from __future__ import annotations

from datetime import UTC, datetime

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import Work
from tasks.slots.alone import alone_in
from tidegate.ledger.tables import Deployment
from tidegate.policy.states import DeploymentState
from tidegate.waiting import to_a_tenth

BEGINS = "begin-maintenance"


def runs_in_place(work: Work) -> bool:
    """Whether the old version must end before the new one can serve, here or on the way back."""
    return bool(_doors(work.env) & alone_in(work))


def in_place_of(env: OpenEnvironment) -> tuple[str, ...]:
    """The services for which that is so by stack file and compose files."""
    return tuple(sorted(_doors(env) & env.alone))


def most_outage_seconds(env: OpenEnvironment) -> int:
    """What the stack file lets such services take to stop and to start."""
    limits = [
        one.stop_grace_seconds + one.start_budget_seconds
        for one in env.stack.services
        if one.name in in_place_of(env)
    ]
    return max(limits, default=0)


def beside_old(env: OpenEnvironment) -> list[str]:
    """The services that must find room beside those that run: one that never runs twice takes the
    room of its like."""
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    alone = env.alone if serving else frozenset[str]()
    return [name for name in env.released if name not in alone]


def has_begun(work: Work) -> bool:
    """Whether this deployment has let the edge send nobody anywhere, or was about to."""
    return work.env.ledger.journal.get(work.key(BEGINS)) is not None


def replaced_now(env: OpenEnvironment) -> Deployment | None:
    """The deployment for which nobody is served at this moment, and that ends this by itself."""
    journal, ledger = env.ledger.journal, env.ledger.deployments
    return next(
        (
            one
            for one in ledger.open_ones(env.stack.name, env.name)
            if one.state is DeploymentState.CHANGING
            and journal.get(journal.key(env.name, env.stack.name, one.number, BEGINS))
        ),
        None,
    )


def outage_until_now(work: Work) -> dict[str, float]:
    """Evidence of the moment in which people are served again; empty where they always were."""
    row = work.env.ledger.journal.get(work.key(BEGINS))
    if row is None:
        return {}
    return {"outage_seconds": to_a_tenth((datetime.now(UTC) - row.started_at).total_seconds())}


def outage_of(work: Work) -> float | None:
    """How long nobody was served by this deployment's switch. None where it ran beside the old
    one."""
    row = work.env.ledger.journal.get(work.key("shift-traffic"))
    return row.evidence.get("outage_seconds") if row and row.is_done else None


def _doors(env: OpenEnvironment) -> set[str]:
    return {one.service.name for one in env.routed}
