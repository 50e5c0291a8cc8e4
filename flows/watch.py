"""Every minute: is each watched environment as good as it was? What is worse starts
`incident/all`."""

from __future__ import annotations

from prefect import State, flow

from flows.parameters import StackName
from flows.plain import plainly
from tasks.back.incidents import close_recovered, report_degraded
from tasks.frame.adapters import each_asked_for_once
from tasks.frame.environments import open_serving
from tasks.frame.runs import forget_needless_looks, quiet
from tasks.traffic.live import look_at
from tidegate.each import each, refuse_faulty
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack
from tidegate.stack.file import Stack

MOST_AT_ONCE = 8


@flow(name="watch", flow_run_name="watch what serves", persist_result=False)
@plainly
def watch(stack: StackName | None = None) -> State[None] | None:
    """Look once at every watched environment, side by side: one that hangs or cannot be seen hides
    no other.

    Args:
        stack: Which application; empty is every one.
    """
    stacks = every_stack(Settings().stacks)
    only = stacks.find(stack) if stack else None
    wanted = {name: place for name, place in stacks.places.items() if _is_wanted(*place, only)}
    forget_needless_looks()
    with each_asked_for_once():
        looked = each(wanted, lambda place: look_after(*place), "looking at", at_once=MOST_AT_ONCE)
    refuse_faulty((*(() if stack else stacks.faulty), *looked.faulty), "looking at what serves")
    return None if any(looked.good.values()) else quiet()


def _is_wanted(stack: Stack, environment: str, only: Stack | None) -> bool:
    return stack.environments[environment].watched and only in (None, stack)


def look_after(stack: Stack, environment: str) -> bool:
    """Report what is worse, close what is well again. Whether there is something to say."""
    env = open_serving(stack, environment)
    sighting = look_at(env)
    if sighting and sighting.look.outcome == "worse":
        report_degraded(env, sighting)
        return True
    return bool(sighting and sighting.look.outcome == "ok" and close_recovered(env, sighting))
