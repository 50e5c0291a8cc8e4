"""What users get from the version that serves, compared with what they got before it: in a release,
and every minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from tasks.frame.deployments import previous
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import Evidence, is_retryable, step
from tasks.frame.work import Work
from tasks.slots.in_place import replaced_now
from tasks.slots.smoke import smoke_public_door
from tasks.traffic.samples import (
    Memory,
    Taken,
    alone_with_memory,
    figures_of_window,
    keep,
    recall,
    recent_figures,
    take,
)
from tidegate.edge.counters import figures_between
from tidegate.edge.ports import Witness
from tidegate.errors import EdgeError
from tidegate.facts import CheckResult
from tidegate.ledger.tables import Deployment
from tidegate.policy.looks import Look, assess, faults_of, unreachable
from tidegate.policy.thresholds import LiveFigures, Verdict, judge
from tidegate.versions import recorded

SLIDING_SECONDS = 20.0
MOST_LOOK_SECONDS = 100.0
"""Whatever hangs there, a look ends in time to say so, and an incident may look twice."""


@dataclass(frozen=True)
class Sighting:
    """One look at what serves, and since when it has been worse."""

    deployment: Deployment
    look: Look
    since: datetime


@step("note-baseline", timeout_seconds=30)
def note_baseline(work: Work) -> Evidence:
    """Keep what users get from the old version: only what becomes worse than that counts (P70).

    Needs: the edge's counters. Leaves: `figures.baseline`. Again: the first one stays. Undo:
    nothing to undo.
    """
    old = previous(work)
    if old is None:
        return {"baseline": None}
    baseline = asdict(recent_figures(work.env, old, datetime.now(UTC)))
    work.env.ledger.deployments.amend(
        work.deployment.id, figures={"baseline": baseline}, fence=work.fence
    )
    return {"baseline": baseline, "of": old.number}


def baseline_of(deployment: Deployment) -> LiveFigures | None:
    noted: Mapping[str, float] | None = deployment.figures.get("baseline")
    return (
        LiveFigures(int(noted["requests"]), int(noted["errors"]), noted["p95_seconds"])
        if noted
        else None
    )


@dataclass
class SlidingWindow:
    """The last seconds of the new slot's service, without the witness's own requests, which would
    dilute errors."""

    work: Work
    witness: Witness
    baseline: LiveFigures | None
    _seen: deque[tuple[Taken, int]] = field(default_factory=deque, init=False)

    def judge(self) -> Verdict:
        """One more sample, and what the window says. Counters that cannot be read say nothing: the
        smoke checks decide."""
        try:
            taken = take(self.work.env, self.work.deployment.number, datetime.now(UTC))
        except EdgeError as error:
            get_run_logger().warning("no live figures: %s", error)
            return Verdict("no_data", (error.came_back,))
        self._seen.append((taken, self._own()))
        while len(self._seen) > 2 and taken.at - self._seen[1][0].at >= SLIDING_SECONDS:
            self._seen.popleft()
        return judge(self.figures(), self.baseline, self.work.env.stack.watch)

    def figures(self) -> LiveFigures:
        (first, own_before), (last, own_now) = self._seen[0], self._seen[-1]
        counted = figures_between(first.sample, last.sample)
        return replace(
            counted, requests=max(counted.errors, counted.requests - (own_now - own_before))
        )

    def _own(self) -> int:
        return self.witness.figures().by_version.get(str(self.work.served), 0)


@task(
    task_run_name="look at {env.base_project}",
    retries=2,
    retry_delay_seconds=[1, 3],
    retry_condition_fn=is_retryable,
    timeout_seconds=180,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def look_at(env: OpenEnvironment) -> Sighting | None:
    """Ask as a visitor does, and read five minutes of the edge's counters.

    Returns None where nothing serves, while a release is taking its place, or while another look at
    it goes on.

    Needs: the edge. Leaves: its samples for the next look. Again: one sample more. Undo: nothing to
    undo.
    """
    with alone_with_memory(env) as alone:
        if not alone:
            get_run_logger().info("%s: another look goes on", env.base_project)
            return None
        return _sight(env, datetime.now(UTC))


def _sight(env: OpenEnvironment, now: datetime) -> Sighting | None:
    serving = env.ledger.deployments.current(env.stack.name, env.name)
    if serving is None or replaced_now(env):
        return None
    memory, look = _look(env, serving, recall(env, serving.number), now)
    since = _since(memory.worse_since, look, now)
    keep(env, replace(memory, worse_since=since))
    get_run_logger().info(
        "%s #%d: %s, %s",
        env.base_project,
        serving.number,
        look.outcome,
        env.redactor.redact(look.reason),
    )
    return Sighting(
        serving,
        replace(look, reason=env.redactor.redact(look.reason)),
        since.get(look.severity, now),
    )


def _look(
    env: OpenEnvironment, serving: Deployment, memory: Memory, now: datetime
) -> tuple[Memory, Look]:
    in_a_row = memory.failed_in_a_row + 1
    try:
        checks = ask(env, serving)
    except EdgeError as away:
        return replace(memory, failed_in_a_row=in_a_row), unreachable(away.came_back, in_a_row)
    taken, failed = take(env, serving.number, now), in_a_row if faults_of(checks) else 0
    look = assess(
        figures_of_window(memory, taken), baseline_of(serving), env.stack.watch, checks, failed
    )
    return replace(memory.with_sample(taken), failed_in_a_row=failed), look


def ask(env: OpenEnvironment, serving: Deployment) -> list[CheckResult]:
    """The smoke checks through the public edge."""
    version = recorded(serving.version, serving.commit, serving.release.images, serving.created_at)
    return smoke_public_door(env, version, serving.number, MOST_LOOK_SECONDS)


def _since(known: Mapping[str, datetime], look: Look, now: datetime) -> dict[str, datetime]:
    if look.outcome == "worse":
        return {**known, look.severity: known.get(look.severity, now)}
    return {} if look.outcome == "ok" else dict(known)
