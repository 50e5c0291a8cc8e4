"""How a container is stopped that may be started again."""

from __future__ import annotations

import contextlib
from typing import Any

from docker.errors import NotFound
from docker.models.containers import Container

_STAYS_STOPPED: Any = {"Name": "unless-stopped"}


def stop_for_good(container: Container, grace_seconds: int) -> None:
    """Stop it and keep it; one that somebody has removed meanwhile does not run.

    An engine that restarts would start one again whose policy is `always`, although it was stopped.
    """
    with contextlib.suppress(NotFound):
        if container.attrs["HostConfig"]["RestartPolicy"]["Name"] == "always":
            container.update(restart_policy=_STAYS_STOPPED)
        container.stop(timeout=grace_seconds)
