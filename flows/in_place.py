"""Replace a version where nobody can be served meanwhile."""

from __future__ import annotations

from tasks.frame.work import Work
from tasks.slots.handing_over import hand_over_alone
from tasks.slots.smoke import smoke_slot
from tasks.traffic.maintenance import begin_maintenance
from tasks.traffic.switching import offer_candidate, shift_traffic


def replace_in_place(work: Work) -> None:
    """Nobody is sent to the new version before it has proved itself, here too."""
    begin_maintenance(work)
    hand_over_alone(work)
    offer_candidate(work)
    smoke_slot(work)
    shift_traffic(work)
