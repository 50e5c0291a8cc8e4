"""`tidegate doctor`: is everything there that a release needs?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rich.console import Console

from blocks.edges.traefik.looked_at import edge_state
from cli.attendance import absent
from cli.control_plane import ControlPlane
from cli.edge import maker_of
from cli.follow import api_of
from cli.shown import data
from tasks.plan.diagnosing import looks
from tidegate.diagnosis import Diagnosis, Look, diagnose
from tidegate.errors import EngineError, TidegateError
from tidegate.settings import Settings


def diagnoses(settings: Settings) -> list[Diagnosis]:
    """Nothing is started, made or changed."""
    was_started = settings.api_auth_file.exists()
    has_server = was_started and _lets_us_in(settings)
    return diagnose(
        {
            **dict(_control(settings, was_started=was_started)),
            **dict(looks(settings, has_server=has_server)),
        }
    )


def _lets_us_in(settings: Settings) -> bool:
    try:
        return api_of(settings).is_let_in()
    except TidegateError:
        return False


def show(found: Sequence[Diagnosis], console: Console) -> None:
    """Of an engine that gives no answer, each look at it says the same: it is told once."""
    width, told = max(len(one.name) for one in found), dict[tuple[str, str], str]()
    for one in found:
        mark = "[green]✓[/green]" if one.is_good else "[red]✗[/red]"
        said = one.detail + (f". {one.to_do}" if one.to_do else "")
        host = one.name.partition(" of ")[2]
        is_record = one.name.startswith("DNS ")  # each is mended by itself
        if not one.is_good and not is_record:
            first = told.setdefault((host, said), one.name)
            said = said if first == one.name else f"the same as at {first}"
        console.print(mark, data(f"{one.name:<{width}}  {said}"), soft_wrap=True)


def _control(settings: Settings, *, was_started: bool) -> Iterator[tuple[str, Look]]:
    yield "ports", partial(_ports, settings)
    yield "runs", partial(_runs, settings, was_started=was_started)
    yield "edge", lambda: edge_state(maker_of(settings))


def _ports(settings: Settings) -> str:
    ControlPlane(settings).refuse_taken_ports()
    return f"{settings.prefect_port} and {settings.receiver_port} are free, or ours"


def _runs(settings: Settings, *, was_started: bool) -> str:
    """Server, work pool, worker and schedules."""
    doing = "asking who starts runs"
    if not was_started:
        raise EngineError(
            doing, "Tidegate was never started here", "`tidegate run` starts what is missing"
        )
    if missing := absent(settings, api_of(settings)):  # each says what to do
        raise EngineError(doing, " ".join(missing), "`tidegate doctor` looks again")
    return "the server answers, and a worker waits for runs"
