"""One application on its way: check, staging, production, a second version under traffic, and
back."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from uuid import UUID

from blocks.docker.host import DockerHost
from cli.control_plane import BIN
from setup.places import ROOT
from tests.e2e.releases import ended, start
from tests.field.rows import NOT_SEEN, Row
from tests.field.team import Team
from tests.field.traffic import Visitors
from tests.installation import Installation

MOST_SECONDS = 600
COMMAND_SECONDS = 120
QUIET_SECONDS = 3
"""Of traffic before and after what is tried."""


class NotDoneError(Exception):
    """A step was refused or failed: its words."""


def try_out(tidegate: Installation, team: Team, row: Row) -> None:
    """Fill in the row, up to the first step that cannot be done."""
    try:
        row.check = checked(tidegate, team.stack)
        if team.app.own_port:
            _adopt(tidegate, team, row)
        row.staging = timed(lambda: _release(team, team.app.versions[0], "staging"))
        if not team.app.own_port:
            row.prod = timed(lambda: _release(team, team.app.versions[0], "prod"))
        _there_and_back(tidegate, team, row)
    except (NotDoneError, AssertionError) as refused:
        row.unsaid.append(str(refused))


def _adopt(tidegate: Installation, team: Team, row: Row) -> None:
    """What runs by hand is taken over, while people use it at its own port."""
    visitors = Visitors(f"http://127.0.0.1:{team.own_port}", team.domain(), team.app)
    with visitors:
        time.sleep(QUIET_SECONDS)
        took = timed(lambda: command(tidegate, "adopt", team.stack, "prod"))
        time.sleep(QUIET_SECONDS)
    missing = visitors.confirmed - ids_of(team)
    row.adopt = f"{took}, {visitors.lost} of {visitors.total} lost, {len(missing)} of {len(visitors.confirmed)} rows missing"
    row.unsaid += visitors.faults()


def _there_and_back(tidegate: Installation, team: Team, row: Row) -> None:
    """The second version and the way back, while people read and write."""
    before = set[str]()
    visitors = Visitors(tidegate.plane.edge_url, team.domain(), team.app)
    try:
        with visitors:
            time.sleep(QUIET_SECONDS)
            before = ids_of(team)
            second = timed(lambda: _release(team, team.app.versions[1], "prod"))
            row.prod = second if row.prod == NOT_SEEN else f"{row.prod}, then {second}"
            _shows(tidegate, team, is_wanted=True)
            row.back = timed(lambda: _roll_back(team))
            _shows(tidegate, team, is_wanted=False)
            time.sleep(QUIET_SECONDS)
    finally:
        row.lost = f"{visitors.lost} of {visitors.total}"
        row.gap = f"{visitors.longest_gap_seconds:.1f} s"
        row.unsaid += visitors.faults()
        row.rows = rows_told(before, visitors.confirmed, ids_of(team))
        row.unsaid += (
            [f"{len(lost)} confirmed rows are gone"]
            if (lost := (before | visitors.confirmed) - ids_of(team))
            else []
        )


def rows_told(before: set[str], confirmed: set[str], after: set[str]) -> str:
    """`confirmed` are those that a visitor was told of."""
    found = len((before | confirmed) & after)
    return f"{len(before)}, {len(after)}; {found} of {len(before | confirmed)} confirmed are there"


def checked(tidegate: Installation, stack: str) -> str:
    """How many faults and risks `tidegate check` names. With a fault nothing is released."""
    said = command(tidegate, "check", stack)
    return said.strip().splitlines()[-1].partition(" in ")[0]


def command(tidegate: Installation, *words: str) -> str:
    """What it printed, as a person types it."""
    said = subprocess.run(
        [BIN / "tidegate", *words],
        env=tidegate.plane.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    if said.returncode:
        raise NotDoneError(f"{words[0]}: {said.stdout} {said.stderr}")
    return said.stdout


def _release(team: Team, version: str, environment: str) -> None:
    run = start(
        f"release/{environment}",
        stack=team.stack,
        version=version,
        environment=environment,
        watch_seconds=1,
        requested_by="mei",
    )
    _done(f"release of {version} to {environment}", run)


def _roll_back(team: Team) -> None:
    _done(
        "rollback",
        start(
            "rollback/prod",
            stack=team.stack,
            environment="prod",
            reason="tried",
            requested_by="mei",
        ),
    )


def _done(what: str, run: UUID) -> None:
    state = ended(run, MOST_SECONDS)
    if not state.is_completed():
        raise NotDoneError(f"{what}: {state.message}")


def timed(work: Callable[[], object]) -> str:
    began = time.monotonic()
    work()
    return f"{time.monotonic() - began:.0f} s"


def _shows(tidegate: Installation, team: Team, *, is_wanted: bool) -> None:
    """The second version's text, as a visitor finds it or not."""
    text, page = team.app.shown, tidegate.get(team.domain(), team.app.read).text
    if (text in page) is not is_wanted:
        raise NotDoneError(
            f"the page {'does not show' if is_wanted else 'still shows'} {text!r}: {page}"
        )


def ids_of(team: Team) -> set[str]:
    """The rows in production, asked in the container that has them."""
    labels = [
        f"com.docker.compose.project={team.base_project}",
        f"com.docker.compose.service={team.app.data_service}",
    ]
    [container] = DockerHost().client.containers.list(filters={"label": labels})
    code, output = container.exec_run(["sh", "-c", team.app.ids], stderr=False)
    assert code == 0, f"{team.app.data_service} does not tell its rows: {code}"
    assert isinstance(output, bytes)
    return set(output.decode().split())
