"""Whether a slot can work: its ready path, asked at its own address as the edge and its visitors
will ask it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple, NoReturn

from prefect import get_run_logger

from tasks.frame.step import Evidence
from tasks.frame.visited import told_of, visited_name
from tasks.frame.work import Work
from tasks.slots.alone import alone_in, role
from tasks.slots.health import NOBODY_WAS_SENT, refuse_dead, refuse_without_base
from tasks.slots.state import last_lines_of, slot_state
from tidegate.edge.headers import headers_for
from tidegate.edge.probing import Visit
from tidegate.edge.routing import backs_of, host_of, slot_url
from tidegate.errors import StackFileError, UnhealthyError
from tidegate.facts import ContainerFacts
from tidegate.stack.checks import Answer
from tidegate.stack.routes import Known, Routed
from tidegate.stack.services import Service
from tidegate.waiting import seconds_since

POLL_SECONDS = 0.2
ASK_SECONDS = 5.0
"""What the edge's own health check allows."""

SILENT = (502, 503, 504)
"""By these the edge, or a proxy in the slot, says that nobody answered."""
MOST_LOGS = 3
"""Of the containers of a slot that does not become ready."""


class Asked(NamedTuple):
    """One address of the slot, and how it is asked."""

    service: Service
    path: str
    visit: Visit


def wait_until_ready(work: Work) -> Evidence:
    """Ask each service that has a route until it answers below 400, within its start budget. Behind
    the switch the edge asks the same, and sends nobody to a slot that answers otherwise.

    Raises StackFileError at once for a 4xx, by which the application refuses the question;
    UnhealthyError when time is over or a container has died.
    """
    begun = time.monotonic()
    first, *others = [_wait(work, asked, begun) for asked in _all_asked(work)]
    return {**first, **({"others": others} if others else {})}


def wait_until_answering(work: Work) -> None:
    """Give a slot that had served, and was started again, its start budget to answer at each of its
    addresses, whatever it answers: nothing is judged anew. One that does not answer by then, or has
    stopped, is not waited for.

    Raises EdgeError where the edge is away.
    """
    begun = time.monotonic()
    for asked in _all_asked(work):
        while _is_silent(work.env.visitors.ask(asked.visit, asked.path, ASK_SECONDS)):
            work.check_fence()
            is_late = seconds_since(begun) > asked.service.start_budget_seconds
            if is_late or not _is_running(work, asked.service):
                get_run_logger().warning("%s of %s gives no answer", asked.path, work.title)
                return
            time.sleep(POLL_SECONDS)


def _is_silent(answer: Answer) -> bool:
    return bool(answer.error) or answer.status in SILENT


def _is_running(work: Work, service: Service) -> bool:
    there = slot_state(work.env, work.project)
    return any(role(one) == service.name and one.state == "running" for one in there)


def _all_asked(work: Work) -> list[Asked]:
    """As the edge was told of this slot."""
    env, told = work.env, told_of(work)
    main = env.routed[0]
    if not told.doors:
        return [Asked(main.service, main.ready_path, _visit(work, visited_name(env), None))]
    behind: list[Routed | Known] = [*env.routed, *env.known]
    services = {slot_url(work.project, one.service.name, one.port): one.service for one in behind}
    return [
        Asked(
            services.get(back.url, main.service),
            back.ready_path,
            _visit(work, host_of(told, back) or visited_name(env), place),
        )
        for place, back in enumerate(backs_of(told))
    ]


def _visit(work: Work, name: str, back: int | None) -> Visit:
    return Visit(
        name, headers_for(https=work.env.config.https, slot=work.served, back=back), at_slot=True
    )


def _wait(work: Work, asked: Asked, begun: float) -> dict[str, object]:
    env = work.env
    while True:
        work.check_fence()
        answer = env.visitors.ask(asked.visit, asked.path, ASK_SECONDS)
        seconds = seconds_since(begun)
        if _is_good(answer):
            get_run_logger().info(
                "%s of %s is ready: %s answers %d after %.1f s",
                asked.service.name,
                work.title,
                asked.path,
                answer.status,
                seconds,
            )
            return {"path": asked.path, "status": answer.status, "seconds": seconds}
        _refuse_wrong_question(work, asked, answer)
        alone = alone_in(work)  # they may be asleep still
        containers = [one for one in slot_state(env, work.project) if role(one) not in alone]
        for container in containers:
            refuse_dead(env, container)
        if seconds > asked.service.start_budget_seconds:
            _refuse_not_ready(work, asked, answer, containers)
        time.sleep(POLL_SECONDS)


def _is_good(answer: Answer) -> bool:
    return not answer.error and 200 <= answer.status < 400


def _refuse_wrong_question(work: Work, asked: Asked, answer: Answer) -> None:
    if not answer.error and 400 <= answer.status < 500:
        raise StackFileError(
            f"asking whether {work.title} is ready",
            f"{_named(work, asked)} answers {answer.status} to a visitor of {asked.visit.name}",
            "Nobody was sent there. Say in stack.yaml, as `ready_path`, which page answers 200 "
            "when the application can work (`/` where no page says more), or correct the page",
        )


def _refuse_not_ready(
    work: Work, asked: Asked, answer: Answer, containers: Sequence[ContainerFacts]
) -> NoReturn:
    env = work.env
    said = (
        f"{answer.error or f'it answers {answer.status}'}, "
        f"after {asked.service.start_budget_seconds} s"
    )
    # behind an nginx the application knows more
    first = sorted(
        (one for one in containers if not one.has_done_its_work),
        key=lambda one: (one.service.rpartition("-")[0] != asked.service.name, one.serves),
    )
    lines = "".join(last_lines_of(env, one) for one in islice(first, MOST_LOGS))
    error = UnhealthyError(
        f"asking whether {work.title} is ready",
        f"{_named(work, asked)}, asked as a visitor of {asked.visit.name}: {said}.{lines}",
        NOBODY_WAS_SENT,
    )
    refuse_without_base(env, error)
    raise error


def _named(work: Work, asked: Asked) -> str:
    """Its path; with the service, where there are several."""
    return f"{asked.path} of {asked.service.name}" if work.env.stack.routes else asked.path
