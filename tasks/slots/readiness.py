"""Whether a slot can work: its ready path, asked at its own address as the edge and its visitors will ask it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NoReturn

from prefect import get_run_logger

from tasks.frame.step import Evidence
from tasks.frame.work import Work
from tasks.plan.doors import visited_name
from tasks.slots.alone import alone_in, role
from tasks.slots.containers import STILL_SERVES, last_lines_of, refuse_dead, refuse_without_base, slot_state
from tidegate.edge.probing import Visit
from tidegate.edge.routes import headers_for
from tidegate.errors import StackFileError, UnhealthyError
from tidegate.facts import ContainerFacts
from tidegate.stack.checks import Answer

POLL_SECONDS = 0.2
ASK_SECONDS = 5.0
"""What the edge's own health check allows."""


def wait_until_ready(work: Work) -> Evidence:
    """Ask until it answers below 400, within the start budget. Behind the switch the edge asks the same, and sends nobody to
    a slot that answers otherwise.

    Raises StackFileError at once for a 4xx, by which the application refuses the question; UnhealthyError when time is over or a
    container has died.
    """
    env, begun = work.env, time.monotonic()
    name = visited_name(env)
    visit = Visit(name, headers_for(https=env.config.https, slot=work.served), at_slot=True)
    alone = alone_in(work)   # they may be asleep still
    while True:
        work.check_fence()
        answer = env.visitors.ask(visit, env.ready_path, ASK_SECONDS)
        seconds = round(time.monotonic() - begun, 1)
        if _is_good(answer):
            get_run_logger().info("%s is ready: %s answers %d after %.1f s", work.title, env.ready_path, answer.status, seconds)
            return {"path": env.ready_path, "status": answer.status, "seconds": seconds}
        _refuse_wrong_question(work, name, answer)
        containers = [one for one in slot_state(env, work.project) if role(one) not in alone]
        for container in containers:
            refuse_dead(env, container)
        if seconds > env.service.start_budget_seconds:
            _refuse_not_ready(work, name, answer, containers)
        time.sleep(POLL_SECONDS)


def _is_good(answer: Answer) -> bool:
    return not answer.error and 200 <= answer.status < 400


def _refuse_wrong_question(work: Work, name: str, answer: Answer) -> None:
    if not answer.error and 400 <= answer.status < 500:
        raise StackFileError(
            f"asking whether {work.title} is ready", f"{work.env.ready_path} answers {answer.status} to a visitor of {name}",
            "Nobody was sent there. Say in stack.yaml, as `ready_path`, which page answers 200 when the application can work "
            "(`/` where no page says more), or correct the page")


def _refuse_not_ready(work: Work, name: str, answer: Answer, containers: Sequence[ContainerFacts]) -> NoReturn:
    env = work.env
    said = f"{answer.error or f'it answers {answer.status}'}, after {env.service.start_budget_seconds} s"
    behind = [one for one in containers if one.service.startswith(f"{env.service.name}-")]
    lines = "".join(last_lines_of(env, one) for one in behind[:1])
    error = UnhealthyError(
        f"asking whether {work.title} is ready", f"{env.ready_path}, asked as a visitor of {name}: {said}.{lines}", STILL_SERVES)
    refuse_without_base(env, error)
    raise error
