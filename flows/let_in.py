"""Let people in again to the version that serves, once what it stands on was changed."""

from __future__ import annotations

from flows.in_place import replace_in_place
from tasks.back.rollbacks import wake_slot
from tasks.frame.work import Work
from tasks.slots.containers import wait_until_healthy
from tasks.slots.handing_over import hand_over_alone
from tasks.slots.in_place import runs_in_place
from tasks.slots.smoke import smoke_public, smoke_slot
from tasks.traffic.switching import offer_candidate, settle_route, shift_traffic


def let_people_in(work: Work, *, was_closed: bool) -> None:
    """It proves itself first. Where it `was_closed` nothing of it runs, so what never runs twice
    may start before the switch."""
    wake_slot(work)
    wait_until_healthy(work)
    if was_closed and runs_in_place(work):
        replace_in_place(work)
    offer_candidate(work)
    smoke_slot(work)
    shift_traffic(work)
    hand_over_alone(work)
    smoke_public(work)
    settle_route(work)
