"""What the control plane takes of a processor while nobody wants anything of it: its minute flows
alone run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

from cli.control_plane import ControlPlane

IDLE_SECONDS = 120.0
SETTLE_SECONDS = 20.0
"""After a start the server still writes down what it was told."""
TICKS = os.sysconf("SC_CLK_TCK")


def idle_shares(plane: ControlPlane, seconds: float = IDLE_SECONDS) -> dict[str, float]:
    """The share of one core that each process took, with all it started, over `seconds`."""
    time.sleep(SETTLE_SECONDS)
    before = _taken(plane)
    time.sleep(seconds)
    return {name: (after - before[name]) / seconds for name, after in _taken(plane).items()}


def idle_table(shares: dict[str, float]) -> Table:
    shown = Table(title=f"The idle control plane, minute flows included, over {IDLE_SECONDS:.0f} s")
    for heading in ("Process", "Share of one core"):
        shown.add_column(heading)
    for name, share in {**shares, "all of it": sum(shares.values())}.items():
        shown.add_row(name, f"{share:.1%}")
    return shown


def _taken(plane: ControlPlane) -> dict[str, float]:
    """Processor seconds since each process began. A run that ended is in the sum of the process
    that waited for it."""
    return {
        one.name: sum(_seconds(pid) for pid in _tree(one.pid() or 0)) for one in plane.processes
    }


def _tree(root: int) -> Iterator[int]:
    yield root
    for task in Path(f"/proc/{root}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _tree(int(child))


def _seconds(pid: int) -> float:
    """utime, stime, cutime and cstime: fields 14 to 17 of /proc/PID/stat, proc(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS
