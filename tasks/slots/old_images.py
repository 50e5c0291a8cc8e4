"""The images of versions that nobody goes back to any more."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice

from prefect import get_run_logger

from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tidegate.errors import TidegateError
from tidegate.ledger.tables import Deployment
from tidegate.policy.retention import MOST_GOOD, needed_of


@step("remove-old-images", timeout_seconds=300)
def remove_old_images(work: Work) -> Evidence:
    """Remove from this host the images of this application that no environment needs, so that its
    disk does not fill up. One that cannot be removed now is tried at the next release.

    Needs: a good deployment. Leaves: the images of what serves, of what a rollback can be asked to
    go to, and of the newest deployments of each environment. Again: changes nothing. Undo: a
    release or a rollback pulls or builds what it needs.
    """
    deployments = work.env.ledger.deployments
    here = _pins(deployments.history(work.env.stack.name, work.env.name))
    everywhere = [deployments.history(*place) for place in deployments.places()]
    needed = _pins(
        one
        for history in everywhere
        for one in chain(needed_of(history), islice(history, MOST_GOOD))
    )
    if not (old := here - needed):
        return {"removed": []}
    try:
        removed = work.env.images.remove(old, keep=needed)
    except TidegateError as error:
        get_run_logger().warning("old images stay until the next release: %s", error)
        return {"removed": [], "why": str(error)}
    if removed:
        get_run_logger().info("removed old images: %s", ", ".join(removed))
    return {"removed": removed}


def _pins(deployments: Iterable[Deployment]) -> set[str]:
    return {pin for one in deployments for pin in one.release.images.values()}
