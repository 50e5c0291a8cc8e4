"""Who is sent where: the edge's route, switched in one atomic write and verified by real
requests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict, replace

from prefect import get_run_logger

from tasks.frame.deployments import previous
from tasks.frame.environments import as_planned
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import work_of
from tasks.frame.pages import publish
from tasks.frame.planned import planned
from tasks.frame.step import Evidence, step
from tasks.frame.visited import told_of, visited_door, visited_name
from tasks.frame.work import Work
from tasks.slots.called import close_called, open_called
from tasks.slots.in_place import outage_until_now, runs_in_place
from tasks.slots.readiness import wait_until_answering
from tasks.slots.smoke import smoke_public_door
from tasks.traffic.telling import Telling
from tidegate.edge.facts import Served, Target
from tidegate.edge.headers import headers_for
from tidegate.edge.ports import Witness
from tidegate.edge.probing import Question, Visit
from tidegate.edge.routing import beside, door_questions, places_at
from tidegate.errors import EdgeError, SmokeError
from tidegate.ledger.tables import Deployment
from tidegate.pages.results import traffic_page

WITNESS_PER_SECOND = 10
OTHER_SECONDS = 1800
"""For what the witness sees beside the watch and the handing over of what never runs twice."""


@step("offer-candidate", timeout_seconds=60)
def offer_candidate(work: Work) -> Evidence:
    """Give the new slot an address of its own at the edge, which only Tidegate can reach.

    Needs: a started slot. Leaves: a candidate in the route; who serves is not changed. Again:
    changes nothing. Undo: `shift_back`.
    """
    telling = Telling(work)
    work.env.edge.apply(telling.offering)
    doors = [str(place) for place in places_at([telling.candidate])]
    return {"url": telling.candidate.url, **({"doors": doors} if doors else {})}


@step("shift-traffic", timeout_seconds=60)
def shift_traffic(work: Work) -> Evidence:
    """Send everybody to the new slot; the old one stays behind it and takes over if the new one
    stops answering.

    Needs: a slot that passed its smoke. Leaves: the switched route, verified by a request. Again:
    changes nothing. Undo: `shift_back`.
    """
    old = previous(work)
    standby = (
        Telling(work).standby(_as_it_was(work, old))
        if old
        and old.switched_at  # one that failed before is nobody to stand by
        and planned(work).way_back == "image only"
        and not runs_in_place(work)
        else None
    )
    begun = time.monotonic()
    _serve(work, standby)
    return {
        "from": old.number if old else None,
        "to": work.deployment.number,
        "milliseconds": round((time.monotonic() - begun) * 1000),
        "standby": standby.deployment if standby else None,
        **outage_until_now(work),
    }


@step("rehearse-rollback", timeout_seconds=120)
def rehearse_rollback(work: Work) -> Evidence:
    """Go back to the old slot and forward again, so that the way back has been walked once.

    Needs: the switch, and an old slot that may run on this schema. Leaves: the new slot serving.
    Again: rehearses again. Undo: `shift_back`.
    """
    old, plan = previous(work), planned(work)
    if not plan.rehearse:
        return {"rehearsed": False, "why": f"{work.env.name} does not rehearse"}
    if old is None or plan.way_back != "image only":
        return {
            "rehearsed": False,
            "why": "no earlier version" if old is None else f"the way back is {plan.way_back}",
        }
    if runs_in_place(work):
        return {"rehearsed": False, "why": "the old version does not run beside the new one"}
    before = _as_it_was(work, old)
    _serve(before, None)
    _prove(before)
    _serve(work, Telling(work).standby(before))
    _prove(work)
    return {"rehearsed": True, "to": old.number}


@step("settle-route", timeout_seconds=60)
def settle_route(work: Work) -> Evidence:
    """Take the old slot out of the route once it is not needed behind the new one.

    Needs: the watch is over. Leaves: a route with one target. Again: changes nothing. Undo:
    `rollback`.
    """
    _serve(work, None)
    return {"serving": work.deployment.number}


@step("shift-back", timeout_seconds=120, retry_delays=(1, 2, 5))
def shift_back(work: Work) -> Evidence:
    """Send whoever was sent here to the version that served before; a first release leaves no
    route.

    Needs: the old slot, if anybody was sent here. Leaves: the old route, verified; that of others
    as it is. Again: changes nothing. Undo: release again.
    """
    edge, old, mine = work.env.edge, previous(work), work.deployment.number
    route = edge.route(work.env.stack.name, work.env.name)
    served_by = {one.deployment for one in route.targets} if route else set[int]()
    if route is None:
        return {"to": None}
    if old is None and served_by <= {mine}:
        edge.remove(work.env.stack.name, work.env.name)
        close_called(work.env)
        return {"to": None}
    if old is not None and mine in served_by and runs_in_place(work):
        close_route(work)
        return {"to": None, "why": "nobody is served until the old version runs again"}
    if old is not None and mine in served_by:
        _serve(_as_it_was(work, old), None)
        return {"to": old.number}
    withdrawn = Telling(work).withdrawn
    edge.apply(withdrawn)
    open_called(work.env, withdrawn)  # killed half-way, it may have led people back alone
    return {"to": sorted(served_by), "why": "nobody was sent here"}


@contextlib.contextmanager
def traffic_witness(work: Work) -> Iterator[Witness]:
    """Steady real requests through the edge, counted: nothing may be lost while the block lasts."""
    witness = witness_of(work)
    if previous(work) is None or not _witnessed(work):
        yield witness  # nobody is served yet, or nowhere where people are served afterwards
        return
    with witness:
        yield witness
    figures = witness.figures()
    get_run_logger().info(
        "traffic witness: %d of %d requests failed in %.0f s, longest gap %.0f ms",
        figures.failed,
        figures.total,
        figures.seen_seconds,
        figures.longest_gap_seconds * 1000,
    )
    work.env.ledger.deployments.amend(
        work.deployment.id, figures={"traffic": asdict(figures)}, fence=work.fence
    )
    publish(work, "traffic", traffic_page(figures, work.env.stack.language))


def witness_of(work: Work) -> Witness:
    """Asks as a visitor, of whoever serves."""
    env, main = work.env, _main_question(work)
    return env.visitors.witness(
        Visit(main.host, headers_for(https=env.config.https)),
        _witnessed(work) or [main],
        owner=(env.stack.name, env.name),
        rate_per_second=WITNESS_PER_SECOND,
        most_seconds=_most_seconds(work),
    )


def _most_seconds(work: Work) -> int:
    """As long as the steps under the witness's eyes may take by plan and stack file."""
    handed_over = max(
        one.stop_grace_seconds + one.start_budget_seconds for one in work.env.stack.services
    )
    return planned(work).watch_seconds + handed_over + OTHER_SECONDS


def _witnessed(work: Work) -> list[Question]:
    """What is asked at each door that is the same before and after the switch. Where none is, the
    main route's ready path, but for names that are shared: there it may be another stack's."""
    env = work.env
    route = env.edge.route(env.stack.name, env.name)
    is_shared = route is not None and route.sharing is not None
    others = beside(route, env.edge.routes().good) if route and is_shared else ()
    before = door_questions(route.targets[0], others) if route and route.targets else []
    same = [one for one in door_questions(told_of(work), others) if one in before]
    return same or ([] if is_shared else [_main_question(work)])


def _main_question(work: Work) -> Question:
    return Question(visited_name(work.env), work.env.ready_path, is_ready_path=True)


def close_route(work: Work) -> None:
    """Nobody is sent anywhere: the edge answers 503."""
    work.env.edge.apply(replace(Telling(work).now, targets=(), standby=None, candidate=None))


def open_route(work: Work, to: Deployment) -> None:
    """Everybody is sent to the slot of `to`, which has just been started again and is given time to
    answer; nobody stands behind it."""
    before = _as_it_was(work, to)
    telling = Telling(before)
    known = {one.deployment for one in (*telling.now.targets, telling.now.candidate) if one}
    if to.number not in known:  # else it serves, or an earlier attempt has waited for it
        try:
            work.env.edge.apply(telling.offering)
            wait_until_answering(before)
        except EdgeError as error:
            get_run_logger().warning("not waited for: %s", work.env.redactor.redact(str(error)))
    _serve(before, None)


def _as_it_was(work: Work, other: Deployment) -> Work:
    """Another deployment under this one's lock, with the addresses, service and checks that it was
    planned with."""
    return replace(work_of(as_planned(work.env, other), other), lock=work.lock)


def _serve(work: Work, standby: Target | None) -> None:
    """The edge first: whoever calls it by a name that is new is led to who serves."""
    env, route = work.env, Telling(work).serving(standby)
    env.edge.apply(route)
    open_called(env, route)


def _prove(work: Work) -> None:
    results = smoke_public_door(work.env, work.version, work.deployment.number)
    if bad := [f"{result.name}: {result.detail}" for result in results if result.outcome != "pass"]:
        raise SmokeError(
            f"rehearsing the rollback, with {work.title} {work.version.name}",
            "; ".join(bad),
            "The way back does not work: correct it before this version goes to production",
        )


def serves(env: OpenEnvironment) -> Served | None:
    """The deployment that the edge sends people to, asked of the edge."""
    return env.edge.serving(*visited_door(env))
