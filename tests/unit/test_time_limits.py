"""A step has more time than all that it waits for by the stack file: what the file may say, a release
can carry out."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from tasks.data.restores import close_doors, open_doors
from tasks.slots.containers import stop_old_slot, stop_slot_left, wait_until_healthy
from tasks.slots.handing_over import hand_back_alone, hand_over_alone
from tasks.slots.smoke import smoke_slot
from tasks.traffic.maintenance import end_maintenance
from tasks.traffic.watches import watch_release
from tidegate.stack.environments import Environment
from tidegate.stack.services import Service
from tidegate.stack.showing import Watch

LEAST_SPARE_SECONDS = 300
MOST_SLOTS = 3
"""That run at once: what serves, what is kept warm, and what a way back has left."""


def most(model: type[BaseModel], field: str) -> int:
    """What a stack file may say at most."""
    [limit] = [one.le for one in model.model_fields[field].metadata if hasattr(one, "le")]
    return int(limit)


DRAIN = most(Environment, "drain_seconds")
GRACE = most(Service, "stop_grace_seconds")
START = most(Service, "start_budget_seconds")


@pytest.mark.parametrize(
    ("step", "waits_seconds"),
    [
        (wait_until_healthy, START),
        (smoke_slot, START),
        (open_doors, 2 * START),
        (end_maintenance, START),
        (stop_old_slot, DRAIN + GRACE),
        (stop_slot_left, DRAIN + MOST_SLOTS * GRACE),
        (close_doors, MOST_SLOTS * GRACE),
        (hand_over_alone, 2 * (GRACE + START)),
        (hand_back_alone, 2 * (GRACE + START)),
        (watch_release, most(Watch, "seconds")),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_a_step_ends_after_all_that_it_waits_for(step: Any, waits_seconds: int) -> None:
    assert step.timeout_seconds >= waits_seconds + LEAST_SPARE_SECONDS
