"""The compensating path: whatever a deployment has changed is put back, in reverse. Every step looks first."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from prefect.exceptions import TerminationSignal
from tasks.schema import downgrade_schema

from tasks.deployments import close_failed, leave_to_person, place_hold, refresh
from tasks.messages import tell
from tasks.slots import remove_slot
from tasks.traffic import shift_back
from tasks.work import Work
from tidegate.errors import FencedError


@contextlib.contextmanager
def put_back_on_failure(work: Work) -> Iterator[None]:
    """Run the block; when it fails or is cancelled, put the old version back, then let the failure go on."""
    try:
        yield
    except FencedError:
        raise   # a rollback has taken over: whatever is put back, it puts back
    except (Exception, TerminationSignal) as error:
        put_back(refresh(work), error)
        raise


@contextlib.contextmanager
def stop_and_ask_on_failure(work: Work) -> Iterator[None]:
    """A way back that does not arrive is not followed by another guess: a person is called."""
    try:
        yield
    except (Exception, TerminationSignal) as error:
        leave_to_person(refresh(work), error)
        tell(work, "needs_person", error=error)
        raise


def put_back(work: Work, error: BaseException) -> None:
    """Edge, schema, slot, in the reverse order of the change; then the hold, the ledger and the message."""
    shift_back(work)
    downgrade_schema(work)
    remove_slot(work)
    place_hold(work, error)
    close_failed(work, error)
    tell(work, "failed", error=error)
