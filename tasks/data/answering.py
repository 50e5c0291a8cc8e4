"""Waiting for databases that this deployment has started for the first time."""

from __future__ import annotations

import time

from tasks.data.databases import owned, placed
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tidegate.errors import DatabaseError
from tidegate.stack.data import AnyDatabase

ANSWER_SECONDS = 120
STEP_SECONDS = 1800
POLL_SECONDS = 0.5


@step("wait-for-new-databases", timeout_seconds=STEP_SECONDS)
def wait_for_new_databases(work: Work) -> Evidence:
    """Wait until each database of a service that was started just now answers. Without a health
    check in the compose file, a container counts as soon as it runs, and a new server takes a while
    to make its files.

    Needs: started base services. Leaves: nothing; one that stays silent is an error of whoever asks
    it next. Again: asks again. Undo: nothing to undo.
    """
    begun = work.env.ledger.journal.get(work.key("start-base-services"))
    started = begun.evidence["started"] if begun else []
    new = [one for one in work.env.stack.databases if one.service in started]
    return {"answer": [one.name for one in new if _answers(work.env, one)]}


def _answers(env: OpenEnvironment, spec: AnyDatabase) -> bool:
    end = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            _ask(env, spec)
        except DatabaseError:
            if time.monotonic() >= end:
                return False
            time.sleep(POLL_SECONDS)
        else:
            return True


def _ask(env: OpenEnvironment, spec: AnyDatabase) -> object:
    if getattr(spec, "pattern", None):
        return env.databases.names(placed(env, spec))
    return owned(env, spec).data_size()
