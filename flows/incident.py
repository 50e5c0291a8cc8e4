"""An environment became worse: roll back what is proved a regression, tell or page people about the
rest."""

from __future__ import annotations

from prefect import flow
from pydantic import AwareDatetime

from flows.parameters import EnvironmentName, EventText, Person, StackName
from flows.plain import plainly
from flows.rollback import go_back
from tasks.back.incidents import (
    conclude,
    decide_about,
    open_automatic_rollback,
    open_incident,
    tell_of_incident,
)
from tasks.frame.environments import open_serving
from tidegate.facts import Severity
from tidegate.policy.incidents import Signal


@flow(
    name="incident",
    flow_run_name="incident on {stack} {environment}: {reason}",
    persist_result=False,
)
@plainly
def incident(
    stack: StackName,
    environment: EnvironmentName,
    signal: EventText,
    severity: Severity,
    started_at: AwareDatetime,
    reason: EventText,
    source: Person = "a person",
) -> None:
    """Answer to a degraded environment. Started by the event `tidegate.environment.degraded`.

    Args:
        stack: Which application.
        environment: Where.
        signal: The key of this trouble, unique for ever: told again, it has the same one.
        severity: red, the system is down; yellow, it is partly broken; green, it can wait.
        started_at: When the trouble began.
        reason: What was seen.
        source: Who saw it.
    """
    env = open_serving(stack, environment)
    raised = Signal(env.stack.name, environment, signal, severity, started_at, reason, source)
    opened = open_incident(env, raised)
    decision = decide_about(env, raised, opened.incident)
    match decision.action:
        case "roll_back":
            go_back(open_automatic_rollback(env, raised, decision.reason))
        case "page" | "tell":
            tell_of_incident(env, opened.incident, decision)
    conclude(env, opened, decision)
