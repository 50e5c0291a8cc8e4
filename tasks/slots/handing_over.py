"""Services that never run twice: the old one is stopped before the new one starts, and on a way
back likewise."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from prefect import get_run_logger

from tasks.frame.deployments import previous
from tasks.frame.environments import as_planned
from tasks.frame.limits import with_waits
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.slots.adopted import start_again, stop
from tasks.slots.alone import RUNS, alone_in, gap_seconds, in_slot, role, slots_there
from tasks.slots.containers import up
from tasks.slots.health import STEADY_SECONDS, refuse_dead, wait_for
from tasks.slots.state import slot_state
from tidegate.errors import FencedError, TidegateError
from tidegate.facts import PROJECT_LABEL, ContainerFacts
from tidegate.stack.slot import base_services


@step("hand-over-alone", timeout_seconds=with_waits(4), retry_delays=(1, 5, 10))
def hand_over_alone(work: Work) -> Evidence:
    """Stop the services that never run twice wherever they run, then start them in this slot.

    Needs: a slot whose other services serve. Leaves: each of them running here alone, and the gap
    in which none ran. Again: changes nothing. Undo: `hand_back_alone`.
    """
    # the version before may have had others
    names, released = (alone_in(work), set(work.env.released))
    there = _there(work, names)
    return _move(
        work, there, {**_in_base(work.env, there), **dict.fromkeys(names & released, work.project)}
    )


@step("hand-back-alone", timeout_seconds=with_waits(4), retry_delays=(1, 5, 10))
def hand_back_alone(work: Work) -> Evidence:
    """Stop here what never runs twice, and start it again where it ran before.

    Needs: the edge sends nobody here. Leaves: each of them running in the old slot alone. Again:
    changes nothing. Undo: release again.
    """
    if work.env.ledger.journal.get(work.key("hand-over-alone")) is None:
        return {"alone": [], "why": "nothing was handed over"}
    there, old = _there(work, alone_in(work)), previous(work)
    before = {**_in_base(as_planned(work.env, old), there), **_in(old.slot, there)} if old else {}
    return _move(work, there, before)


def _in(project: str, there: Collection[ContainerFacts]) -> dict[str, str]:
    """Service -> project, of those that have a container there."""
    return {role(one): project for one in there if one.labels[PROJECT_LABEL] == project}


def _in_base(env: OpenEnvironment, there: Collection[ContainerFacts]) -> dict[str, str]:
    """The same, of those that are not released here: an older version may have had a scheduler in
    the base."""
    try:
        base = base_services(env.model(), env.released)
    except TidegateError:
        return {}  # nobody can say; what is released is known all the same
    return {name: project for name, project in _in(env.base_project, there).items() if name in base}


def _move(work: Work, there: Collection[ContainerFacts], homes: Mapping[str, str]) -> Evidence:
    """Let each service run in its home and nowhere else: `homes` are projects, by service."""
    _stop(work, [one for one in there if one.labels[PROJECT_LABEL] != homes.get(role(one))])
    for project in sorted(set(homes.values())):
        names = {name for name, home in homes.items() if home == project}
        known = {
            one.service
            for one in there
            if one.labels[PROJECT_LABEL] == project and role(one) in names
        }
        _start(
            work,
            project,
            in_slot(project, names) if project == work.project else known,
            _budget(work.env, names),
        )
    return {"alone": sorted(homes), "gap_seconds": _gaps(work, homes)}


def _there(work: Work, names: Collection[str]) -> list[ContainerFacts]:
    """Every container of these services: of slots, of the slot before, and of the base, in which
    they may have lived."""
    if not names:
        return []
    env, old = work.env, previous(work)
    # The slot last: containers that were taken over are in the base's project too, and here they
    # are that slot's.
    projects = [env.base_project, *([old.slot] if old else [])]
    found = [*slots_there(env), *(one for project in projects for one in slot_state(env, project))]
    return list({one.id: one for one in found if role(one) in names}.values())


def _stop(work: Work, containers: Collection[ContainerFacts]) -> None:
    """With the time that each has to end what it has begun. Edge and engine know no fence: the lock
    is looked at before."""
    env, names = work.env, {role(one) for one in containers}
    grace = max(
        [one.stop_grace_seconds for one in env.stack.services if one.name in names], default=30
    )
    for project in sorted({one.labels[PROJECT_LABEL] for one in containers if one.state in RUNS}):
        services = {one.service for one in containers if one.labels[PROJECT_LABEL] == project}
        get_run_logger().info(
            "stopping %s of %s, which never run twice", ", ".join(sorted(services)), project
        )
        work.check_fence()
        stop(env, project, grace, services)


def _start(work: Work, project: str, services: Collection[str], budget_seconds: float) -> None:
    """Start what does not run, and wait for it. Whoever is taken over meanwhile stops it again:
    another one starts it."""
    env, was_there = (
        work.env,
        {one.service: one for one in slot_state(work.env, project) if one.service in services},
    )
    work.check_fence()
    if asleep := {
        name
        for name, one in was_there.items()
        if one.state not in RUNS and not one.has_done_its_work
    }:
        start_again(env, project, asleep)
    if missing := set(services) - was_there.keys():
        up(work, missing)
    try:
        work.check_fence()
    except FencedError:
        stop(env, project, 0, services)
        raise
    wait_for(
        env,
        project,
        set(services),
        budget_seconds,
        while_waiting=work.check_fence,
        proved_before=_is_proved(work, project),
    )
    if not _is_proved(work, project):
        _refuse_short_lived(env, project, services)


def _is_proved(work: Work, project: str) -> bool:
    return project != work.project or work.deployment.kind != "release"


def _refuse_short_lived(env: OpenEnvironment, project: str, services: Collection[str]) -> None:
    """Few schedulers have a health check. One that dies at once is seen before anybody is sent to
    its version."""
    time.sleep(STEADY_SECONDS)
    for one in slot_state(env, project):
        if one.service in services:
            refuse_dead(env, one)


def _budget(env: OpenEnvironment, names: Collection[str]) -> float:
    return max(
        [one.start_budget_seconds for one in env.stack.services if one.name in names], default=60
    )


def _gaps(work: Work, homes: Mapping[str, str]) -> dict[str, float]:
    """Service -> seconds in which it did not run, before it started where it runs now."""
    there, gaps = _there(work, homes), dict[str, float]()
    for name, project in sorted(homes.items()):
        here = [one for one in there if role(one) == name and one.labels[PROJECT_LABEL] == project]
        gap = gap_seconds(here, [one for one in there if role(one) == name and one not in here])
        if gap is not None:
            gaps[name] = gap
            get_run_logger().info("%s did not run for %.1f s", name, gap)
    return gaps
