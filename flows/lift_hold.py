"""Allow a version again that a failed release or a rollback put on hold."""

from __future__ import annotations

from prefect import flow, get_run_logger

from flows.parameters import Person, Reason, StackName, VersionName
from flows.plain import plainly
from tasks.frame.environments import open_stack
from tasks.frame.holds import lift


@flow(name="lift-hold", flow_run_name="lift the hold on {stack} {version}", persist_result=False)
@plainly
def lift_hold(stack: StackName, version: VersionName, reason: Reason, lifted_by: Person) -> None:
    """Lift the hold on a version.

    Args:
        stack: Which application.
        version: The version on hold, as it was typed.
        reason: Why it may be deployed again.
        lifted_by: Your name.
    """
    hold = lift(open_stack(stack), version, reason=reason, lifted_by=lifted_by)
    get_run_logger().info(
        "%s %s may be released again. It was on hold since %s", stack, hold.version, hold.placed_at
    )
