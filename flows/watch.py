"""Every minute: is production as good as it was before its release? What is worse starts `incident/prod`."""

from __future__ import annotations

from prefect import flow

from flows.parameters import StackName
from tasks.environments import open_environment, stacks_with
from tasks.incidents import close_recovered, report_degraded
from tasks.live import look_at
from tidegate.errors import TidegateError


@flow(name="watch", flow_run_name="watch production", persist_result=False)
def watch(stack: StackName | None = None) -> None:
    """Look at production once.

    Args:
        stack: Which application; empty is every one.
    """
    blind: list[TidegateError] = []
    for name in [stack] if stack else stacks_with("prod"):
        try:
            look_after(name)
        except TidegateError as error:   # one that cannot be seen must not hide the others
            blind.append(error)
    if blind:
        raise ExceptionGroup("could not look at every environment", blind)


def look_after(stack: str) -> None:
    """Report what is worse, close what is well again."""
    env = open_environment(stack, "prod")
    sighting = look_at(env)
    if sighting and sighting.look.outcome == "worse":
        report_degraded(env, sighting)
    elif sighting and sighting.look.outcome == "ok":
        close_recovered(env, sighting)
