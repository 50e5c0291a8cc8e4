"""Labels of a run, by which people find it in the Prefect UI."""

from __future__ import annotations

from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from tasks.frame.work import Work
from tidegate.pages.serving_again import served_again


def tag_run(*tags: str) -> None:
    """Add stack, environment and version to the tags of this flow run; again changes nothing."""
    wanted = sorted({*flow_run.get_tags(), *tags})
    with get_client(sync_client=True) as client:
        client.update_flow_run(UUID(flow_run.get_id()), tags=wanted)


def say_it_serves_again(work: Work) -> None:
    """Whoever waits hears it now, and not once everything is cleared up. What cannot be said stops
    no way back."""
    try:
        tag_run(
            work.env.stack.name, work.env.name, work.version.name, served_again(work.version.name)
        )
    except Exception as error:
        get_run_logger().warning("the run could not be tagged (%s)", type(error).__name__)
