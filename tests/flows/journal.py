"""What a story leaves to be read: how each deployment ended, what each of its steps wrote into the
journal, and who was told. What differs from one telling to the next, as times and digests, is left
out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tests.flows.installation import Installation
from tests.flows.prefect_memory import Run
from tidegate.ledger.tables import Deployment

KEPT = Path(__file__).parent / "journals"
ACCEPT = "TIDEGATE_ACCEPT_JOURNALS"
"""Set it to 1, and what the stories leave is what they must leave from now on."""
MEASURED = (
    "seconds",
    "milliseconds",
    "gap_seconds",
    "outage_seconds",
    "handed_over_seconds",
    "gap",
)
WITH_PAGES = (
    "a-first-release",
    "a-release-by-way-of-staging",
    "a-version-whose-migration-would-lose-data",
    "a-restore",
    "a-takeover",
    "a-release-over-what-was-taken-over",
    "a-change-of-a-database",
)
"""Stories whose pages are kept word by word."""
WITHOUT = ("audit_trail", "configuration", "record")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\+00:00)?)?")
_DIGEST = re.compile(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{12,})\b")
_MEASURED = re.compile(r"\b\d+\.\d+ s\b|\b\d+ ms\b|\b\d+ min\b|\b\d+ 分钟")
_STEP = re.compile(r"^  ([\w-]+): ", re.MULTILINE)
_HOME = re.compile(r"/[\w/.-]*/(?=stacks/|home/)")


def known(made: Installation) -> set[str]:
    """The deployments that there are before a story is told."""
    return {one.id for one in _deployments(made)}


def differs_from_kept(made: Installation, name: str, run: Run, before: Collection[str]) -> str:
    """What the story left, where it is not what is kept of it; empty where it is."""
    lines = [*_left(made, run, before), *(_pages(run) if name in WITH_PAGES else ())]
    left, kept = "".join(f"{line}\n" for line in lines), KEPT / f"{name}.txt"
    if os.environ.get(ACCEPT):
        kept.write_text(left, encoding="utf-8")
    if kept.exists() and kept.read_text(encoding="utf-8") == left:
        return ""
    return f"{kept.name} is not what the story left ({ACCEPT}=1 takes this for right):\n{left}"


def kept_steps(name: str) -> set[str]:
    """The steps of a story, by what is kept of it."""
    return {found[1] for found in _STEP.finditer((KEPT / f"{name}.txt").read_text())}


def _left(made: Installation, run: Run, before: Collection[str]) -> Iterator[str]:
    yield f"the run is {run.state.name}, with {', '.join(sorted(run.pages)) or 'no page'}"
    for one in _deployments(made):
        if one.id not in before:
            yield f"{one.stack} {one.environment} #{one.number} {one.kind}: {one.state.value}"
            yield f"  figures: {_written(one.figures)}"
            for step in made.ledger.journal.steps(one.id):
                done = _written(step.evidence) if step.is_done else "not done"
                yield f"  {step.name}: {done}"
    for name, address in sorted(made.world.notifiers.items()):
        yield f"{name} was told: {', '.join(one.kind for one in address.sent)}"


def _pages(run: Run) -> Iterator[str]:
    for name, text in sorted(run.pages.items()):
        yield f"--- {name}"
        yield _without_times(text)


def _deployments(made: Installation) -> list[Deployment]:
    places = sorted(made.ledger.deployments.places())
    return [one for place in places for one in reversed(made.ledger.deployments.history(*place))]


def _written(evidence: Any) -> str:
    text = json.dumps(_without_measures(evidence), ensure_ascii=False, sort_keys=True, default=str)
    return _without_times(text)


def _without_times(text: str) -> str:
    text = _DIGEST.sub("DIGEST", _TIME.sub("TIME", text))
    return _MEASURED.sub("MEASURED", _HOME.sub("HOME", text))


def _without_measures(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "MEASURED" if key in MEASURED else _without_measures(one)
            for key, one in value.items()
            if key not in WITHOUT
        }
    return [_without_measures(one) for one in value] if isinstance(value, list) else value
