"""An incident: a signal taken in once, examined, answered, closed with what was done about it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.back.rollbacks import open_rollback
from tasks.back.ways_between import way_back_to
from tasks.frame.messages import deliver, speaker
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import is_retryable
from tasks.frame.work import Work
from tasks.slots.in_place import replaced_now
from tasks.traffic.live import Sighting, ask, baseline_of
from tasks.traffic.samples import recent_figures
from tidegate.errors import EdgeError, InputError, LockedError
from tidegate.ledger.tables import Deployment, Incident
from tidegate.pages.fault_words import told_reason
from tidegate.plan.changes import WayBack
from tidegate.plan.targets import choose_target, left_half_way
from tidegate.policy.incidents import Decision, Signal, Situation, decide
from tidegate.policy.looks import FAILURES_THAT_COUNT, Look, assess, faults_of
from tidegate.policy.states import DeploymentState

ON_THE_WAY = (DeploymentState.PLANNED, DeploymentState.CHANGING)
DECIDED_AFTER = timedelta(minutes=3)
"""An incident without a decision is being looked at for so long; after that its run has died."""


class Opened(NamedTuple):
    """An incident as a run found it."""

    incident: Incident
    is_new: bool
    """This run opened it; otherwise its signal came before."""


@task(
    task_run_name="open the incident {signal.key}",
    timeout_seconds=60,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def open_incident(env: OpenEnvironment, signal: Signal) -> Opened:
    """Take a signal in.

    Needs: a signal. Leaves: one row for its key. Again: the same row, decided or not. Undo:
    `conclude`.
    """
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    return Opened(
        *env.ledger.incidents.open(
            stack=signal.stack,
            environment=signal.environment,
            signal=signal.key,
            severity=signal.severity,
            deployment_id=serving.id if serving else None,
        )
    )


@task(
    task_run_name="decide about {signal.key}",
    retries=2,
    retry_delay_seconds=[1, 3],
    retry_condition_fn=is_retryable,
    timeout_seconds=300,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def decide_about(env: OpenEnvironment, signal: Signal, incident: Incident) -> Decision:
    """Look at what is true now, and choose.

    Needs: an incident. Leaves: nothing. Again: looks again. Undo: nothing to undo.
    """
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    decision = decide(signal, _situation(env, serving, incident), lambda: _prove(env, serving))
    get_run_logger().info("%s: %s", decision.action, decision.reason)
    return decision


def open_automatic_rollback(env: OpenEnvironment, signal: Signal, reason: str) -> Work:
    """The one rollback that may happen by itself to the release that serves: the ledger's unique
    key sees to it.

    Raises LockedError where another incident has opened it.
    """
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    work = open_rollback(
        env,
        steps_back=1,
        to=None,
        reason=env.redactor.redact(reason),
        key=_automatic_key(env, serving),
        requested_by=f"alert {signal.source}: {signal.key}",
    )
    if work.deployment.run_id != str(flow_run.get_id()):
        raise LockedError(
            f"rolling back {work.title}",
            f"another incident has begun it in the run {work.deployment.run_id}",
            "Follow that run; nothing was changed by this one",
        )
    return work


@task(
    task_run_name="tell people: {decision.action} {env.base_project}",
    timeout_seconds=300,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def tell_of_incident(env: OpenEnvironment, incident: Incident, decision: Decision) -> None:
    """Say what was seen to those whom its severity concerns (R29).

    Needs: a decision to tell or page. Leaves: a row per address. Again: what was sent is not sent
    twice. Undo: nothing.
    """
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    if serving is None:
        return
    words, reason = (
        speaker(env),
        env.redactor.redact(told_reason(decision.reason, env.stack.language)),
    )
    message = (
        words.needs_person(serving.version, env.name, reason)
        if decision.action == "page"
        else words.degraded(serving.version, env.name, reason, decision.severity)
    )
    deliver(
        env,
        message,
        key=f"{env.name}/{env.stack.name}/incident/{incident.id}/{decision.action}",
        deployment=serving,
    )


def conclude(env: OpenEnvironment, opened: Opened, decision: Decision) -> None:
    """Write down what was done. A paged one stays open: a person is on it, until the environment is
    seen healthy.

    A signal that came before and needs nothing now is left to the run that answers it.
    """
    if opened.is_new or decision.action != "ignore":
        env.ledger.incidents.decide(
            opened.incident.id,
            env.redactor.redact(f"{decision.action}: {decision.reason}"),
            stays_open=decision.action == "page",
            actor=f"alert {opened.incident.signal}",
        )


def close_recovered(env: OpenEnvironment, sighting: Sighting) -> bool:
    """The environment is well: nothing about it is open any more, but what a run is answering just
    now.

    Returns whether something was closed.
    """
    history = env.ledger.deployments.history(env.stack.name, env.name)
    if _going_back(history):
        return False  # the run of that rollback says what came of it
    left = [
        one
        for one in env.ledger.incidents.open_ones(env.stack.name, env.name)
        if not _being_answered(one)
    ]
    for incident in left:
        env.ledger.incidents.close(
            incident.id, f"healthy again: {sighting.look.reason}", actor="watch/all"
        )
        get_run_logger().info("closed the incident %s: healthy again", incident.signal)
    return bool(left)


@task(
    task_run_name="report {env.base_project}",
    retries=3,
    retry_delay_seconds=[1, 3, 10],
    retry_condition_fn=is_retryable,
    timeout_seconds=120,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def report_degraded(env: OpenEnvironment, sighting: Sighting) -> None:
    """Send the event that starts `incident/all`, for as long as no incident answers to it.

    Needs: a look that is worse. Leaves: an event. Again: the same key, which is handled once. Undo:
    nothing to undo.
    """
    signal = signal_of(env, sighting)
    incident = env.ledger.incidents.of_signal(signal.key)
    if incident is None or (incident.outcome is None and not _being_answered(incident)):
        get_run_logger().warning("%s is worse: %s", env.base_project, signal.reason)
        env.events.tell(signal)


def signal_of(env: OpenEnvironment, sighting: Sighting) -> Signal:
    number, look = sighting.deployment.number, sighting.look
    key = (
        f"watch/{env.name}/{env.stack.name}/{number}/{look.severity}/{sighting.since:%Y%m%dT%H%M%S}"
    )
    return Signal(
        stack=env.stack.name,
        environment=env.name,
        key=key,
        severity=look.severity,
        started_at=sighting.since,
        reason=look.reason,
        source="watch/all",
        deployment=number,
    )


def _being_answered(incident: Incident) -> bool:
    return incident.outcome is None and datetime.now(UTC) - incident.opened_at < DECIDED_AFTER


def _situation(env: OpenEnvironment, serving: Deployment | None, incident: Incident) -> Situation:
    history = env.ledger.deployments.history(env.stack.name, env.name)
    going = next((one for one in _going_back(history) if not _is_mine(one)), None)
    automatic = next(
        (one for one in history if serving and one.key == _automatic_key(env, serving)), None
    )
    return Situation(
        current=serving,
        handled=incident.outcome is not None,
        going_back=going,
        automatic=None if automatic and _is_mine(automatic) else automatic,
        way_back=_way_back(env, history, serving) if serving else "none",
        replaced=replaced_now(env),
        waiting=left_half_way(history) if serving else None,
    )


def _going_back(history: list[Deployment]) -> list[Deployment]:
    return [one for one in history if one.kind != "release" and one.state in ON_THE_WAY]


def _way_back(env: OpenEnvironment, history: list[Deployment], serving: Deployment) -> WayBack:
    try:
        target = choose_target(history, held_commits=env.ledger.holds.commits(env.stack.name))
    except InputError as error:
        get_run_logger().info("no way back: %s", error)
        return "none"
    return way_back_to(env, target, before=serving.number + 1).way_back


def _prove(env: OpenEnvironment, serving: Deployment | None) -> Look:
    """The figures of the last minutes, and the smoke checks: when they fail, once more after some
    seconds."""
    if serving is None:
        return Look("unsure", "green", "nothing serves there")
    try:
        checks, failed = ask(env, serving), 0
        if faults_of(checks):
            time.sleep(env.stack.smoke_repeat_seconds)
            checks, failed = ask(env, serving), FAILURES_THAT_COUNT
        figures = recent_figures(env, serving, datetime.now(UTC))
    except EdgeError as away:  # no version is to blame, and none would be reached
        return Look("unsure", "red", f"{away.came_back}. {away.to_do}")
    return assess(figures, baseline_of(serving), env.stack.watch, checks, failed)


def _automatic_key(env: OpenEnvironment, serving: Deployment | None) -> str:
    return f"rollback/automatic/{serving.release_id if serving else 'nothing'}/{env.name}"


def _is_mine(deployment: Deployment) -> bool:
    return deployment.run_id == str(flow_run.get_id())
