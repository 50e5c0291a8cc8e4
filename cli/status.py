"""`tidegate status`: what runs where, from reality and ledger together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from blocks.docker.host import DockerHost
from blocks.edges.traefik.folder import EdgeFolder
from cli.attendance import absent
from cli.follow import api_of
from cli.shown import commit_facts
from cli.status_called import called, unanswered
from cli.status_table import Row
from tidegate.each import each
from tidegate.edge.doors import doors_of_routes, shared_doors
from tidegate.edge.facts import Served
from tidegate.errors import EngineError, TidegateError
from tidegate.facts import PROJECT_LABEL, ContainerFacts
from tidegate.ledger.adoptions import adopted, ports_of
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack
from tidegate.stack.file import Stack
from tidegate.stack.names import slot_number
from tidegate.stack.routes import routed

if TYPE_CHECKING:
    from blocks.edges.traefik.answers import EdgeAnswer

Found = list[ContainerFacts] | EngineError
MOST_AT_ONCE = 8
NO_BASE: Row = {"base_waiting": [], "base_unknown": None}


def rows(settings: Settings, only: str | None) -> list[Row]:
    """One row per stack and environment: the ledger's word, the edge's answer, and whether they
    agree.

    What cannot be read has a row of its own that says why, and so has what the ledger knows and no
    stack file names.
    """
    ledger, stacks = Ledger(settings.database_url), every_stack(settings.stacks)
    wanted = [stacks.find(only)] if only else list(stacks.good)
    places = {
        f"{stack.name} {name}": (stack, name) for stack in wanted for name in stack.environments
    }
    seen = each(
        places, lambda place: _row(settings, ledger, *place), "looking at", at_once=MOST_AT_ONCE
    )
    unseen = [
        _faulty(places[one.name][0].name, places[one.name][1], str(one.error))
        for one in seen.faulty
    ]
    unread = [_faulty(one.name, None, str(one.error)) for one in stacks.faulty]
    return [*seen.good.values(), *unseen, *([] if only else [*unread, *_strange(ledger, places)])]


def warnings(settings: Settings) -> list[str]:
    """What is wrong with the edge's folder, host names that have two owners there, and what keeps
    runs from being started."""
    routes = EdgeFolder(settings.home / "edge").routes()
    return [
        *routes.faulty,
        *shared_doors(doors_of_routes(routes.good)),
        *_ports_to_be_freed(settings),
        *absent(settings, api_of(settings)),
    ]


def _faulty(stack: str, environment: str | None, fault: str, now: Deployment | None = None) -> Row:
    """What could not be looked at, with what the ledger still says of it."""
    known = (
        {
            "version": now.version,
            "number": now.number,
            "state": now.state.value,
            **commit_facts(now.release.commit),
        }
        if now
        else {}
    )
    return {
        **dict.fromkeys(("version", "number", "state", "since", "edge")),
        **commit_facts(None),
        **known,
        "stack": stack,
        "fault": fault,
        "environment": environment,
        "time_zone": "UTC",
        "agrees": False,
        "containers": [],
        "answers": None,
        "trouble": None,
        "called": [],
        **NO_BASE,
    }


def _strange(ledger: Ledger, known: Collection[str]) -> Iterator[Row]:
    """A folder was renamed, or an environment taken out of its stack file, while something was
    deployed there."""
    for stack, environment in ledger.deployments.places():
        now = ledger.deployments.current(stack, environment)
        if now is not None and f"{stack} {environment}" not in known:
            yield _faulty(
                stack, environment, "it serves, and no stack file that can be read names it", now
            )


def _row(settings: Settings, ledger: Ledger, stack: Stack, environment: str) -> Row:
    now = ledger.deployments.current(stack.name, environment)
    answer = _answer(settings, stack, environment)
    edge, number = answer.served if answer else None, now.number if now else None
    meant = Served(stack.name, environment, number) if number else None
    base = _found(stack.base_project(environment)) if now else []
    names = called(settings, stack.name, environment)
    found = _slot(ledger, stack, environment, now.slot, base) if now else []
    return {
        "stack": stack.name,
        "environment": environment,
        "version": now.version if now else None,
        "number": number,
        "state": now.state.value if now else None,
        **commit_facts(now.release.commit if now else None),
        "since": now.switched_at.isoformat() if now and now.switched_at else None,
        "time_zone": stack.time_zone,
        "edge": str(edge) if edge else None,
        "agrees": edge == meant,
        "containers": _told(found, now.slot) if now else [],
        "answers": answer.status if answer else None,
        "trouble": _trouble(
            stack, now, answer, found, base, unanswered(settings, stack.name, environment, names)
        ),
        "called": [str(one) for one in names],
        **_base(settings, stack, now, base),
        "fault": None,
    }


def _answer(settings: Settings, stack: Stack, environment: str) -> EdgeAnswer | None:
    """What a visitor gets; None where the edge takes no connection."""
    from blocks.edges.traefik.edge import TraefikEdge

    edge = TraefikEdge(
        config_directory=settings.home / "edge",
        public_url=f"http://127.0.0.1:{settings.edge_port}",
        check_url=f"http://127.0.0.1:{settings.edge_check_port}",
    )
    own = stack.environments[environment]
    try:
        route = edge.route(stack.name, environment)
        main = routed(stack.services, stack.routes)[0].path
        found = _worst(edge.answers(route)) if route else edge.answer(own.domains[0], main)
    except TidegateError:
        return None
    is_partner = found.served is not None and found.served.stack in own.shares_names_with
    return found._replace(served=None) if is_partner else found


def _worst(answers: Sequence[EdgeAnswer]) -> EdgeAnswer:
    """Of several doors the first one that is broken, or answers for another version than the
    others."""
    return next(
        (
            one
            for one in answers
            if one.status >= HTTPStatus.INTERNAL_SERVER_ERROR or one.served != answers[0].served
        ),
        answers[0],
    )


def _base(settings: Settings, stack: Stack, now: Deployment | None, there: Found) -> Row:
    """Base services that wait for `tidegate base`, and where nobody can say it, why."""
    if now is None or not there or isinstance(there, EngineError):
        return dict(NO_BASE)
    from tasks.plan.base_waiting import waiting_base

    seen = waiting_base(settings, stack, now, there)
    unknown = f"{', '.join(seen.unknown)} ({seen.why})" if seen.unknown else None
    return {"base_waiting": list(seen.waiting), "base_unknown": unknown}


def _trouble(
    stack: Stack,
    now: Deployment | None,
    answer: EdgeAnswer | None,
    slot: Found,
    there: Found,
    dead: Sequence[str],
) -> str | None:
    """What is wrong although the ledger is content; None where all of it runs and answers."""
    if now is None:
        return None
    number = slot_number(now.slot)
    wanted = {f"{service.name}-{number}": service.name for service in stack.services}
    base = {name: name for database in stack.databases if (name := database.service)}
    faults = [] if answer and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR else [_got(answer)]
    faults += [*dead, *_gone(wanted, slot), *_gone(base, there)]
    return ", ".join(faults) or None


def _got(answer: EdgeAnswer | None) -> str:
    return (
        f"people get {answer.status}{f' at {answer.at}' if answer.at else ''}"
        if answer
        else "the edge takes no connection"
    )


def _gone(wanted: Mapping[str, str], found: Found) -> list[str]:
    """Services that nobody can use, by the names they have in the compose files. Nothing where the
    engine does not answer."""
    if isinstance(found, EngineError):
        return []
    there = {one.service: one for one in found}
    told = {
        name: _health(there[service]) if service in there else "gone"
        for service, name in wanted.items()
    }
    return [
        f"{name} is {how}"
        for name, how in told.items()
        if how not in ("running", "healthy", "starting")
    ]


def _found(project: str) -> Found:
    try:
        return DockerHost().containers({PROJECT_LABEL: project})
    except EngineError as error:
        return error


def _slot(ledger: Ledger, stack: Stack, environment: str, slot: str, base: Found) -> Found:
    """Its containers under the names that services have in a slot, also where they are the team's
    own."""
    found, number = _found(slot), slot_number(slot)
    if found or not (
        known := {one["id"] for one in adopted(ledger, stack.name, environment, slot)}
    ):
        return found
    return (
        base
        if isinstance(base, EngineError)
        else [replace(one, service=f"{one.service}-{number}") for one in base if one.id in known]
    )


def _ports_to_be_freed(settings: Settings) -> Iterator[str]:
    """What people must know between a takeover and the next release."""
    ledger = Ledger(settings.database_url)
    for stack, environment in every_stack(settings.stacks).places.values():
        now = ledger.deployments.current(stack.name, environment)
        for one in (
            adopted(ledger, stack.name, environment, now.slot)
            if now and not _found(now.slot)
            else ()
        ):
            kept = stack.environments[environment].kept_numbers
            yield from (
                f"{stack.name} {environment}: the port {port} of the host is served "
                f"by {one['name']} itself until the next release stops it, and by nobody "
                "afterwards: lead people to the edge, or keep the port (`kept_ports`)"
                for port, number in ports_of(one).items()
                if number not in kept
            )


def _told(found: Found, project: str) -> list[str]:
    """A sentence for each."""
    if isinstance(found, EngineError):
        return [f"unknown: {found.came_back}"]
    number = slot_number(project)  # each slot's services end in it
    return [f"{one.service.removesuffix(f'-{number}')} {_health(one)}" for one in found] or ["none"]


def _health(one: ContainerFacts) -> str:
    return one.health if one.state == "running" and one.health != "none" else one.state
