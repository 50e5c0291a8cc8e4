"""Smoke checks: the answers that the release must show, asked at a slot's own address or through
the public edge."""

from __future__ import annotations

import time
from dataclasses import replace

from prefect import get_run_logger

from tasks.frame.limits import with_waits
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.pages import publish
from tasks.frame.step import Evidence, step
from tasks.frame.visited import served_doors, visited_name, visited_names
from tasks.frame.work import Work
from tasks.slots.readiness import wait_until_ready
from tidegate.edge.facts import Served
from tidegate.edge.headers import headers_for
from tidegate.edge.probing import SmokeVisit, Visit
from tidegate.edge.routing import door_to
from tidegate.errors import SmokeError
from tidegate.facts import CheckResult
from tidegate.pages.results import smoke_page
from tidegate.stack.showing import SmokeCheck
from tidegate.versions import Version

MOST_SECONDS = 250.0
"""Of all checks. Twice that and the pause between fit into a step."""


@step("smoke-slot", timeout_seconds=with_waits(1))
def smoke_slot(work: Work) -> Evidence:
    """Ask the new slot at its own address, before anyone is sent to it: first its ready path, as
    the edge will.

    Needs: a candidate route at the edge. Leaves: nothing. Again: asks again. Undo: nothing to undo.
    """
    ready = wait_until_ready(work)
    headers = headers_for(https=work.env.config.https, slot=work.served)
    results = smoke(
        work.env, work.version, work.served, Visit(visited_name(work.env), headers, at_slot=True)
    )
    return {**_proved(work, results, "at its own address"), "ready": ready}


@step("smoke-public", timeout_seconds=600)
def smoke_public(work: Work) -> Evidence:
    """Ask through the public edge, as a visitor does, twice with some seconds between (P67).

    Needs: the switch. Leaves: an artifact. Again: asks again. Undo: nothing to undo.
    """
    _proved(work, _at_public_door(work), "through the edge")
    time.sleep(work.env.stack.smoke_repeat_seconds)
    evidence = _proved(work, _at_public_door(work), "through the edge, again")
    title = f"{work.title} {work.version.name}"
    publish(work, "smoke", smoke_page(results_of(evidence), work.env.stack.language, title))
    return evidence


def smoke_public_door(
    env: OpenEnvironment, version: Version, number: int, most_seconds: float = MOST_SECONDS
) -> list[CheckResult]:
    """All checks as a visitor asks, of whom only the deployment `number` of this environment may
    answer."""
    served = Served(env.stack.name, env.name, number)
    visit = Visit(visited_name(env), headers_for(https=env.config.https))
    return smoke(env, version, served, visit, most_seconds)


def smoke(
    env: OpenEnvironment,
    version: Version,
    served: Served,
    visit: Visit,
    most_seconds: float = MOST_SECONDS,
) -> list[CheckResult]:
    """All checks of the stack that run in this environment, asked as a visitor does; `served` must
    answer."""
    names = visited_names(env)
    checks = [
        check
        for check in env.stack.smoke
        if (not check.only or env.name in check.only)
        and _has_door(env, served, names.get(check.domains_of or "", visit.name), check)
    ]
    results = env.visitors.smoke(
        SmokeVisit(visit, checks, version, served, most_seconds, env.values, names)
    )
    # it quotes the answer
    return [replace(result, detail=env.redactor.redact(result.detail)) for result in results]


def _has_door(env: OpenEnvironment, served: Served, host: str, check: SmokeCheck) -> bool:
    """Each check has one, but on a way back: what another stack has taken since, it goes
    without."""
    doors = served_doors(env, served.number)
    if not doors or door_to(doors, host, check.path):
        return True
    get_run_logger().info(
        "%s is not asked: %s%s is not at %s any more", check.name, host, check.path, served
    )
    return False


def results_of(evidence: Evidence) -> tuple[CheckResult, ...]:
    return tuple(CheckResult(**row) for row in evidence["checks"])


def _at_public_door(work: Work) -> list[CheckResult]:
    return smoke_public_door(work.env, work.version, work.deployment.number)


def _proved(work: Work, results: list[CheckResult], where: str) -> Evidence:
    for result in results:
        get_run_logger().info(
            "%s %s: %s (%.2f s)", result.outcome, result.name, result.detail, result.seconds
        )
    bad = [f"{result.name}: {result.detail}" for result in results if result.outcome != "pass"]
    if bad or not results:
        raise SmokeError(
            f"asking {work.title} {where}",
            "; ".join(bad) or "no check ran",
            "Correct the application and release the new commit",
        )
    return {"checks": [vars(result) | {} for result in results], "where": where}
