"""Every minute: is production as good as it was before its release? What is worse starts `incident/prod`."""

from __future__ import annotations

from prefect import flow

from flows.parameters import StackName
from flows.plain import plainly
from tasks.environments import open_serving
from tasks.incidents import close_recovered, report_degraded
from tasks.live import look_at
from tidegate.catalogue import every_stack
from tidegate.each import each, refuse_faulty
from tidegate.settings import Settings

MOST_AT_ONCE = 8


@flow(name="watch", flow_run_name="watch production", persist_result=False)
@plainly
def watch(stack: StackName | None = None) -> None:
    """Look at production once, at all stacks side by side: one that hangs or cannot be seen hides no other.

    Args:
        stack: Which application; empty is every one.
    """
    stacks = every_stack(Settings().stacks)
    wanted = {stack: stack} if stack else {name: name for name in stacks.with_environment("prod")}
    looked = each(wanted, look_after, "looking at", at_once=MOST_AT_ONCE)
    refuse_faulty((*(() if stack else stacks.faulty), *looked.faulty), "looking at production")


def look_after(stack: str) -> None:
    """Report what is worse, close what is well again."""
    env = open_serving(stack, "prod")
    sighting = look_at(env)
    if sighting and sighting.look.outcome == "worse":
        report_degraded(env, sighting)
    elif sighting and sighting.look.outcome == "ok":
        close_recovered(env, sighting)
