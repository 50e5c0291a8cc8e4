"""The time in which nobody is served, because what serves never runs twice."""

from __future__ import annotations

from datetime import UTC, datetime

from tasks.frame.deployments import previous
from tasks.frame.limits import with_waits
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.slots.in_place import BEGINS, has_begun, outage_until_now
from tasks.traffic.switching import close_route, open_route


@step(BEGINS, timeout_seconds=60, retry_delays=(1, 2, 5))
def begin_maintenance(work: Work) -> Evidence:
    """Let the edge answer everybody with 503 and `Retry-After`.

    Needs: whatever of the new slot can run beside the old one. Leaves: an edge that sends nobody
    anywhere. Again: changes nothing. Undo: `end_maintenance`.
    """
    close_route(work)
    return {"closed": datetime.now(UTC).isoformat(timespec="milliseconds")}


@step("end-maintenance", timeout_seconds=with_waits(1), retry_delays=(1, 2, 5))
def end_maintenance(work: Work) -> Evidence:
    """Send people to the version that served before, where this deployment has closed its doors.

    Needs: the old slot running whole. Leaves: the old route, verified. Again: changes nothing.
    Undo: release again.
    """
    if not has_begun(work):
        return {"serving": None, "why": "people were served all the time"}
    old = previous(work)
    if old is None:
        return {"serving": None, "why": "nothing served before"}
    open_route(work, old)
    return {"serving": old.number, **outage_until_now(work)}
