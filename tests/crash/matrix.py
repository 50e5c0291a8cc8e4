"""The cases of the crash matrix, and the table that they make."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

RELEASE_STEPS = ("plan", "ensure-images", "back-up", "migrate-schema", "start-slot", "wait-until-healthy", "offer-candidate",
                 "smoke-slot", "note-baseline", "shift-traffic", "smoke-public", "watch", "settle-route", "move-alias",
                 "stop-old-slot", "publish-record")
ROLLBACK_STEPS = ("plan", "refuse-lossy", "wake-slot", "wait-until-healthy", "downgrade-schema", "offer-candidate",
                  "smoke-slot", "shift-traffic", "smoke-public", "place-hold", "stop-slot-left")
MOMENTS = ("in the middle of", "after")
REDUCED = (("release", "in the middle of", "back-up"), ("release", "in the middle of", "start-slot"),
           ("release", "in the middle of", "wait-until-healthy"), ("release", "in the middle of", "shift-traffic"),
           ("release", "after", "shift-traffic"), ("rollback", "in the middle of", "shift-traffic"))


@dataclass(frozen=True)
class Case:
    """`what` is killed at a moment of one of its steps."""

    what: str
    moment: str
    step: str

    def __str__(self) -> str:
        return f"{self.what} killed {self.moment} {self.step}"


@dataclass(frozen=True)
class Row:
    """What was seen after the recovery."""

    case: Case
    ended: str
    failed: int
    total: int
    seconds: float
    """From the kill until the environment was whole and its lock free."""


def cases() -> list[Case]:
    """All of them for `make crash`, and those at which comparable tools need a person for `make test`."""
    if os.environ.get("TIDEGATE_CRASH") != "whole":
        return [Case(*case) for case in REDUCED]
    steps = {"release": RELEASE_STEPS, "rollback": ROLLBACK_STEPS}
    return [Case(what, moment, step) for what, names in steps.items() for step in names for moment in MOMENTS]


def table(rows: list[Row]) -> str:
    head = "| Killed | Ended | Requests failed | Whole again after |\n|---|---|---|---|"
    lines = [f"| {row.case} | {row.ended} | {row.failed} of {row.total} | {row.seconds:.0f} s |" for row in rows]
    return "\n".join([head, *lines])


def write_table(page: Path, rows: list[Row]) -> None:
    """Between the page's markers, so that the table in the docs is the run's own."""
    begin, end = "<!-- crash-matrix -->", "<!-- /crash-matrix -->"
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{table(rows)}\n{end}{after}", encoding="utf-8")
