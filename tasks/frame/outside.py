"""What the edge and the backups show of deployments: more than the ledger knows, where an older
copy was put in its place."""

from __future__ import annotations

import re

from prefect import get_run_logger

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import Work
from tidegate.edge.facts import Route
from tidegate.errors import BackupError, EdgeError, LedgerError

_NUMBER = re.compile(r"-(\d{1,9})\Z")


def highest_number(env: OpenEnvironment) -> int:
    """A new deployment gets one above it: no slot, backup or key of another one is taken for its
    own."""
    return max(_numbers(env), default=0)


def highest_fence(env: OpenEnvironment) -> int:
    """A new lock gets one above it, so that the edge takes what its owner says."""
    route = _route(env)
    return route.fence if route else 0


def refuse_known(work: Work) -> None:
    """What never began cannot be known outside: an older ledger has called it undecided again.
    Raises LedgerError."""
    if work.deployment.number in _numbers(work.env):
        raise LedgerError(
            f"beginning {work.title}",
            "the edge or a backup knows it already, so this ledger is older than they are",
            "Start it again: it gets another number",
        )


def _numbers(env: OpenEnvironment) -> set[int]:
    """All of it lies in files of this machine: no network is asked, and what cannot be read is left
    out."""
    route = _route(env)
    told = (*route.targets, route.standby, route.candidate) if route else ()
    saved = [_NUMBER.search(name) for name in _backups(env)]
    return {one.deployment for one in told if one} | {int(found[1]) for found in saved if found}


def _route(env: OpenEnvironment) -> Route | None:
    try:
        return env.edge.route(env.stack.name, env.name)
    except EdgeError as error:
        get_run_logger().warning("%s", error)
        return None


def _backups(env: OpenEnvironment) -> list[str]:
    try:
        return env.backups.names()
    except BackupError as error:
        get_run_logger().warning("%s", error)
        return []
