"""Holds: versions that must not be deployed again until a person says so."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.frame.environments import OpenStack
from tidegate.errors import HeldError
from tidegate.ledger.tables import Hold
from tidegate.plan.targets import SHORTEST_ID
from tidegate.secrecy.outside_text import one_line
from tidegate.versions import begins_with


@task(
    task_run_name="lift the hold on {version}",
    timeout_seconds=60,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def lift(opened: OpenStack, version: str, *, reason: str, lifted_by: str) -> Hold:
    """Allow a version again.

    Needs: a hold. Leaves: it lifted, with who and why. Again: an error that lists what is on hold.
    Undo: a new failure.
    """
    name = opened.stack.name
    held = opened.ledger.holds.active(name)
    for hold in held:
        if _is_meant(hold, version):
            return opened.ledger.holds.lift(
                name, hold.commit, lifted_by=one_line(lifted_by), reason=one_line(reason)
            )
    known = ", ".join(sorted(hold.version for hold in held)) or "nothing"
    raise HeldError(
        f"lifting the hold on {name} {version}",
        f"it is not on hold (on hold: {known})",
        "Name one that is",
    )


def _is_meant(hold: Hold, version: str) -> bool:
    """By its name, or by enough of its commit or digest; a tag `1` is no beginning of one."""
    digits = version.removeprefix("sha-")
    return version.removeprefix("v") == hold.version.removeprefix("v") or (
        len(digits) >= SHORTEST_ID and begins_with(hold.commit, digits)
    )
