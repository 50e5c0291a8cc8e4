"""Ask a person, by a suspended run with a form. Nothing runs and no lock is held while it waits."""

from __future__ import annotations

from tasks.frame.deployments import UNDECIDED
from tasks.frame.messages import tell
from tasks.frame.refusals import tell_of_no
from tasks.frame.work import Work
from tasks.people.acceptance import wait_for_acceptance
from tidegate.plan.changes import Plan


def accept(work: Work, plan: Plan) -> Work:
    """Go on only with a person's approval of exactly this plan."""
    if work.deployment.state not in UNDECIDED:
        return work  # decided before a crash: the journal says how far it came
    tell(work, "staging_ready", url=plan.staged.url if plan.staged else "")
    with tell_of_no(work):
        return wait_for_acceptance(work, plan)
