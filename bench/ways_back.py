"""`tidegate rollback` again and again: from the command to the old version answering, warm and
stopped."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

from bench.measuring import FirstAnswer
from cli.control_plane import BIN
from setup.places import ROOT
from tests.installation import Installation, domain_of

TIMES = 7
SAYS = "serves again"


@dataclass(frozen=True)
class Back:
    """Seconds from the command to the first answer of the old version, to the word of it, and to
    the command's end."""

    answered: float
    told: float
    ended: float


def roll_back(tidegate: Installation, stack: str, version: str) -> Back:
    """As a person types it."""
    seen, begun = (
        FirstAnswer(tidegate.plane.edge_url, domain_of(stack, "prod"), version),
        time.monotonic(),
    )
    lines = list(command_of(tidegate, stack, begun))
    ended, answered = time.monotonic() - begun, seen.seconds()
    assert answered is not None, lines
    return Back(answered, next(at for at, line in lines if SAYS in line), ended)


def command_of(tidegate: Installation, stack: str, begun: float) -> Iterator[tuple[float, str]]:
    """Its lines, each with the seconds since `begun`, to its end."""
    with subprocess.Popen(
        [BIN / "tidegate", "rollback", stack, "--reason", "measured"],
        cwd=ROOT,
        text=True,
        env=tidegate.plane.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as command:
        assert command.stdout is not None
        for line in command.stdout:
            yield time.monotonic() - begun, line.strip()
    assert command.returncode == 0, line


def again_and_again(
    prepare: Callable[[], Callable[[], None]], roll_back: Callable[[], Back]
) -> list[Back]:
    """`prepare` releases the newer version, and returns what clears up behind one way back."""
    found = list[Back]()
    for _ in range(TIMES):
        clear_up = prepare()
        time.sleep(1)  # what the release has just done is not part of it
        found.append(roll_back())
        clear_up()
    return found


def ways_back_table(found: dict[str, list[Back]]) -> Table:
    shown = Table(
        title=f"tidegate rollback, {TIMES} times each: seconds from the command "
        "(median, fastest to slowest)"
    )
    for heading in ("Old slot", "Old version answers", "The command says so", "The command ends"):
        shown.add_column(heading)
    for slot, backs in found.items():
        shown.add_row(
            slot,
            *map(
                _spread,
                (
                    [one.answered for one in backs],
                    [one.told for one in backs],
                    [one.ended for one in backs],
                ),
            ),
        )
    return shown


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
