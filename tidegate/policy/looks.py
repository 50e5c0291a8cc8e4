"""What one look at an environment says: well, worse than before its release, or not enough to tell
(R24, R27). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tidegate.facts import CheckResult, Severity
from tidegate.policy.thresholds import LiveFigures, judge
from tidegate.stack.showing import Watch

PAGE_LOAD_SECONDS = 10.0
"""Slower than this, people cannot work: roll back at once (R24)."""
FAILURES_THAT_COUNT = 2
"""Looks that fail this often in a row are no accident of one request."""


@dataclass(frozen=True)
class Look:
    """`unsure` is neither healthy nor worse: the next look decides."""

    outcome: Literal["ok", "worse", "unsure"]
    severity: Severity
    reason: str


def assess(
    figures: LiveFigures | None,
    baseline: LiveFigures | None,
    watch: Watch,
    smoke: Sequence[CheckResult],
    failed_in_a_row: int,
) -> Look:
    """Figures of the last minutes, where they are known, against the `baseline` before the release,
    and the smoke checks of this moment.

    Without enough requests the smoke checks decide alone. `failed_in_a_row` counts this look's
    smoke, too.
    """
    if faults := faults_of(smoke):
        return Look(
            "worse" if failed_in_a_row >= FAILURES_THAT_COUNT else "unsure",
            "red",
            "; ".join(faults),
        )
    if figures is None:
        return Look("ok", "green", "its checks pass; requests are judged after five minutes")
    errors = judge(replace(figures, p95_seconds=None), baseline, watch)
    if errors.outcome == "worse":
        return Look("worse", "red", "; ".join(errors.reasons))
    slow = judge(replace(figures, errors=0), baseline, watch)
    if slow.outcome == "worse":
        severity: Severity = "red" if (figures.p95_seconds or 0) >= PAGE_LOAD_SECONDS else "yellow"
        return Look("worse", severity, "; ".join(slow.reasons))
    return Look(
        "ok",
        "green",
        "; ".join(slow.reasons) or f"{figures.requests} requests, as good as before the release",
    )


def unreachable(why: str, failed_in_a_row: int) -> Look:
    """The edge takes no connection: people cannot work, whichever version serves. Nothing that a
    way back would mend."""
    return Look(
        "worse" if failed_in_a_row >= FAILURES_THAT_COUNT else "unsure",
        "red",
        f"nobody gets in: {why}",
    )


def faults_of(smoke: Sequence[CheckResult]) -> list[str]:
    """One text per check that did not pass; no check at all is a fault, because unknown is failure
    (P69)."""
    return [f"{check.name}: {check.detail}" for check in smoke if check.outcome != "pass"] or (
        [] if smoke else ["no smoke check ran"]
    )
