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
from tasks.frame.visited import visited_name
from tasks.frame.work import Work
from tasks.slots.in_place import outage_until_now, runs_in_place
from tasks.slots.smoke import smoke_public_door
from tidegate.edge.doors import doors_of_routes, taken_doors
from tidegate.edge.facts import Route, Served, Target
from tidegate.edge.headers import headers_for
from tidegate.edge.hosts import meet
from tidegate.edge.ports import Witness
from tidegate.edge.probing import Question, Visit
from tidegate.edge.routing import door_questions, hosts_at, is_alike, within
from tidegate.errors import LedgerError, SmokeError
from tidegate.ledger.tables import Deployment
from tidegate.pages.results import traffic_page

WITNESS_PER_SECOND = 10


@step("offer-candidate", timeout_seconds=60)
def offer_candidate(work: Work) -> Evidence:
    """Give the new slot an address of its own at the edge, which only Tidegate can reach.

    Needs: a started slot. Leaves: a candidate in the route; who serves is not changed. Again:
    changes nothing. Undo: `shift_back`.
    """
    candidate = within(work.target(), _names(work))
    work.env.edge.apply(replace(_route(work), candidate=candidate))
    return {
        "url": candidate.url,
        **(
            {"doors": [f"{host}{door.path}" for door in candidate.doors for host in door.hosts]}
            if candidate.doors
            else {}
        ),
    }


@step("shift-traffic", timeout_seconds=60)
def shift_traffic(work: Work) -> Evidence:
    """Send everybody to the new slot; the old one stays behind it and takes over if the new one
    stops answering.

    Needs: a slot that passed its smoke. Leaves: the switched route, verified by a request. Again:
    changes nothing. Undo: `shift_back`.
    """
    old = previous(work)
    standby = (
        _standby(work, _as_it_was(work, old))
        if old and planned(work).way_back == "image only" and not runs_in_place(work)
        else None
    )
    begun = time.monotonic()
    _serve(work, work.target(), standby)
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
    _serve(before, before.target(), None)
    _prove(before)
    _serve(work, work.target(), _standby(work, before))
    _prove(work)
    return {"rehearsed": True, "to": old.number}


@step("settle-route", timeout_seconds=60)
def settle_route(work: Work) -> Evidence:
    """Take the old slot out of the route once it is not needed behind the new one.

    Needs: the watch is over. Leaves: a route with one target. Again: changes nothing. Undo:
    `rollback`.
    """
    _serve(work, work.target(), None)
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
        return {"to": None}
    if old is not None and mine in served_by and runs_in_place(work):
        close_route(work)
        return {"to": None, "why": "nobody is served until the old version runs again"}
    if old is not None and mine in served_by:
        before = _as_it_was(work, old)
        _serve(before, before.target(), None)
        return {"to": old.number}
    found = replace(_route(work), candidate=None)
    own = hosts_at((*found.targets, found.standby))
    edge.apply(replace(found, domains=tuple(own) or found.domains))
    return {"to": sorted(served_by), "why": "nobody was sent here"}


@contextlib.contextmanager
def traffic_witness(work: Work) -> Iterator[Witness]:
    """Steady real requests through the edge, counted: nothing may be lost while the block lasts."""
    witness = witness_of(work)
    if previous(work) is None:
        yield witness  # nobody is served yet, so there is nothing to lose
        return
    with witness:
        yield witness
    figures = witness.figures()
    get_run_logger().info(
        "traffic witness: %d of %d requests failed, longest gap %.0f ms",
        figures.failed,
        figures.total,
        figures.longest_gap_seconds * 1000,
    )
    work.env.ledger.deployments.amend(
        work.deployment.id, figures={"traffic": asdict(figures)}, fence=work.fence
    )
    publish(work, "traffic", traffic_page(figures, work.env.stack.language))


def witness_of(work: Work) -> Witness:
    """Asks as a visitor at each door that is the same before and after the switch, of whoever
    serves."""
    env, name = work.env, visited_name(work.env)
    serving = env.edge.route(env.stack.name, env.name)
    before = door_questions(serving.targets[0]) if serving and serving.targets else []
    asked = [question for question in door_questions(work.target()) if question in before]
    main = Question(name, env.ready_path, is_ready_path=True)
    return env.visitors.witness(
        Visit(name, headers_for(https=env.config.https)),
        asked or [main],
        owner=(env.stack.name, env.name),
        rate_per_second=WITNESS_PER_SECOND,
    )


def close_route(work: Work) -> None:
    """Nobody is sent anywhere: the edge answers 503."""
    work.env.edge.apply(replace(_route(work), targets=(), standby=None, candidate=None))


def open_route(work: Work, to: Deployment) -> None:
    """Everybody is sent to the slot of `to`, and nobody stands behind it."""
    before = _as_it_was(work, to)
    _serve(before, before.target(), None)


def _as_it_was(work: Work, other: Deployment) -> Work:
    """Another deployment under this one's lock, with the addresses, service and checks that it was
    planned with."""
    return replace(work_of(as_planned(work.env, other), other), lock=work.lock)


def _serve(work: Work, serving: Target, standby: Target | None) -> None:
    names = _names(work)
    work.env.edge.apply(
        replace(
            _route(work),
            domains=names,
            targets=(within(serving, names),),
            standby=standby,
            candidate=None,
        )
    )


def _standby(work: Work, before: Work) -> Target | None:
    """The old slot, where the edge can ask it as it asks the new one whether it is ready: there is
    one path, name and scheme for both, at each door."""
    new, old, names = work.env, before.env, _names(work)
    target = within(before.target(), names)
    is_asked_alike = (new.ready_path, new.config.https) == (
        old.ready_path,
        old.config.https,
    ) and names[0] in old.config.hosts
    if is_asked_alike and is_alike(within(work.target(), names), target):
        return target
    get_run_logger().info(
        "nobody stands behind it: the old version is asked otherwise whether it is ready"
    )
    return None


def _route(work: Work) -> Route:
    """What the edge has now, with our fencing number; a first release begins with nobody
    serving."""
    env, names = work.env, _names(work)
    empty = Route(
        stack=env.stack.name,
        environment=env.name,
        domains=names,
        targets=(),
        standby=None,
        candidate=None,
        fence=_fence(work),
        ready_path=env.ready_path,
        https=env.config.https,
    )
    env.edge.mend()  # so that a broken file of this very environment stops no way back either
    found = env.edge.route(env.stack.name, env.name) or empty
    # who serves keeps its doors
    domains = tuple(dict.fromkeys([*names, *hosts_at((*found.targets, found.standby))]))
    return replace(
        found,
        domains=domains,
        fence=_fence(work),
        ready_path=env.ready_path,
        https=env.config.https,
    )


def _names(work: Work) -> tuple[str, ...]:
    """Its host names. A way back goes without those that another environment has taken since:
    nobody else stops it."""
    env, wanted = work.env, work.env.config.hosts
    if work.deployment.kind != "rollback" and not work.deployment.was_good:
        return wanted  # a new version with such a name is refused, here and by the edge
    taken = taken_doors(env.stack.name, env.name, wanted, doors_of_routes(env.edge.routes().good))
    return (
        tuple(name for name in wanted if not any(meet(name, one.host) for one in taken)) or wanted
    )


def _fence(work: Work) -> int:
    if work.lock is None:
        raise LedgerError(
            f"changing {work.title}", "no lock is held", "This is a defect of Tidegate: report it"
        )
    return work.lock.fence


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
    return env.edge.serving(visited_name(env))
