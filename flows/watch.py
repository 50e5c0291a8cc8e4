"""Every minute: is production as good as it was before its release? What is worse starts `incident/prod`."""

from __future__ import annotations

from prefect import State, flow

from flows.parameters import StackName
from flows.plain import plainly
from tasks.environments import open_serving
from tasks.incidents import close_recovered, report_degraded
from tasks.live import look_at
from tasks.runs import forget_quiet_runs, quiet
from tidegate.catalogue import every_stack
from tidegate.each import each, refuse_faulty
from tidegate.settings import Settings
from tidegate.stackfile import Stack

MOST_AT_ONCE = 8


@flow(name="watch", flow_run_name="watch production", persist_result=False)
@plainly
def watch(stack: StackName | None = None) -> State[None] | None:
    """Look at production once, at all stacks side by side: one that hangs or cannot be seen hides no other.

    Args:
        stack: Which application; empty is every one.
    """
    stacks = every_stack(Settings().stacks)
    wanted = {stack: stacks.find(stack)} if stack else stacks.with_environment("prod")
    forget_quiet_runs()
    looked = each(wanted, look_after, "looking at", at_once=MOST_AT_ONCE)
    refuse_faulty((*(() if stack else stacks.faulty), *looked.faulty), "looking at production")
    return None if any(looked.good.values()) else quiet()


def look_after(stack: Stack) -> bool:
    """Report what is worse, close what is well again. Whether there is something to say."""
    env = open_serving(stack, "prod")
    sighting = look_at(env)
    if sighting and sighting.look.outcome == "worse":
        report_degraded(env, sighting)
        return True
    return bool(sighting and sighting.look.outcome == "ok" and close_recovered(env, sighting))
