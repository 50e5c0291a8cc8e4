"""Deployments that came to their end without a word, because their run ended before it told
anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tasks.back.recovery import title_of
from tasks.frame.messages import Kind
from tasks.frame.runs import run_state
from tidegate.each import Parted, each
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.locks import free_at
from tidegate.ledger.tables import Deployment
from tidegate.policy.states import DeploymentState
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack

STILL_NEWS = timedelta(hours=2)
GOOD_NEWS: dict[str, Kind] = {
    "release": "released",
    "rollback": "rolled_back",
    "restore": "restored",
    "adoption": "adopted",
    "base": "base_changed",
}
BAD_NEWS: dict[DeploymentState, Kind] = {
    DeploymentState.FAILED: "failed",
    DeploymentState.ROLLED_BACK: "failed",
    DeploymentState.EXPIRED: "refused",
    DeploymentState.REJECTED: "rejected",
    DeploymentState.NEEDS_PERSON: "needs_person",
    DeploymentState.ROLLBACK_FAILED: "needs_person",
}


class Untold(NamedTuple):
    """A deployment that has come to its end, and the message that nobody got."""

    deployment: Deployment
    kind: Kind


def untold(settings: Settings) -> Parted[Untold]:
    """What came to its end and nobody was told, because its run ended between the two. By
    titles, newest of each place.

    Good news are told of where the environment is loud only, as its run would have done. Where
    somebody holds the lock, it was that one who brought it to its end, and is about to tell.
    """
    ledger, stacks = Ledger(settings.database_url), every_stack(settings.stacks).good
    at_work = {
        (lock.stack, lock.environment)
        for lock in ledger.locks.holders()
        if free_at(lock) > datetime.now(UTC)
    }
    heard = {stack.name for stack in stacks if stack.notifiers_for("red")}
    quiet_places = {
        (stack.name, name)
        for stack in stacks
        for name, one in stack.environments.items()
        if not one.loud
    }
    newest = {
        (stack, name): one
        for stack, name in ledger.deployments.places()
        if stack in heard and (stack, name) not in at_work
        for one in ledger.deployments.history(stack, name, limit=1)
    }
    late = {
        title_of(one): Untold(one, kind)
        for place, one in newest.items()
        if (kind := _news_of(ledger, one))
        and not (place in quiet_places and one.state is DeploymentState.GOOD)
    }
    seen = each(late, lambda one: one if _ended_between(one.deployment) else None, "looking at")
    return Parted({title: one for title, one in seen.good.items() if one}, seen.faulty)


def _news_of(ledger: Ledger, one: Deployment) -> Kind | None:
    """What should have been said of it by now; None where that was tried, or is no news any
    more."""
    if datetime.now(UTC) - (one.ended_at or one.switched_at or one.created_at) > STILL_NEWS:
        return None
    kind = GOOD_NEWS[one.kind] if one.state is DeploymentState.GOOD else BAD_NEWS.get(one.state)
    if kind == "rejected" and not ledger.approvals.of(one.id):
        kind = "needs_person"  # nobody said no: a way back could not begin without a person
    tried = {sent.kind for sent in ledger.messages.of(one.id) if sent.sent_at or sent.error}
    return None if kind in tried or not tried.isdisjoint(BAD_NEWS.values()) else kind


def _ended_between(one: Deployment) -> bool:
    """A run that fails or is cancelled tells bad news itself. Right after its version became good
    it has none, and good news come after that."""
    state = run_state(one.run_id)
    if state is None:
        return False
    if one.state is DeploymentState.GOOD:
        return state.is_final() and not state.is_completed()
    return state.is_crashed()
