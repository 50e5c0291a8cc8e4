"""Everything of Prefect that we use and that Prefect does not document. tests/unit/test_prefect_private.py shows each use,
so that a new version of Prefect that lacks one is found there and nowhere else."""

from __future__ import annotations

from datetime import timedelta
from functools import partial


def say_cancelled() -> None:
    """In the process of a run: SIGTERM, when it comes, is a cancellation."""
    from prefect._internal import control_listener

    control_listener._set_intent("cancel")


def do_background_work_each(seconds: float) -> None:
    """In the server: how often it asks its own queue for work. Four to ten times a second, unless told otherwise."""
    from prefect.server.api import background_workers

    names, pause = vars(background_workers), timedelta(seconds=seconds)
    names["Worker"] = partial(names["Worker"], minimum_check_interval=pause, scheduling_resolution=pause)
