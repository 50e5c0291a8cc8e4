"""The rows of the crash matrix: each is a file, since several processes make them, and the table is
made of them all.

`TIDEGATE_CRASH_ROWS` names their folder; without it nothing is kept. `python -m tests.crash.rows`
writes the table.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from cli.demo_traffic import SteadyClient
from setup.places import ROOT
from tests.crash.matrix import FAULTS, all_cases
from tests.installation import Installation

FOLDER = "TIDEGATE_CRASH_ROWS"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- crash-matrix -->", "<!-- /crash-matrix -->"


@dataclass(frozen=True)
class Row:
    """What was seen after the recovery."""

    name: str
    ended: str
    failed: int
    total: int
    seconds: float
    """From the kill or fault until the environment was whole and its lock free."""
    outage_seconds: float | None = None
    """From the first to the last failed request, where the fault itself takes the application
    down."""


def keep(row: Row) -> None:
    if folder := os.environ.get(FOLDER):
        Path(folder).mkdir(parents=True, exist_ok=True)
        _file(Path(folder), row.name).write_text(json.dumps(asdict(row)), encoding="utf-8")


def keep_fault(
    name: str,
    tidegate: Installation,
    stack: str,
    run: UUID,
    client: SteadyClient,
    seconds: float,
    *,
    is_down: bool = False,
) -> None:
    """`is_down` where the fault itself takes the application down: then the outage is measured, not
    forbidden."""
    now = tidegate.ledger.deployments.current(stack, "prod")
    ended = "new" if now is not None and now.run_id == str(run) else "old"
    failed = client.figures.failed if is_down else client.lost
    keep(
        Row(
            name,
            ended,
            failed,
            client.figures.total,
            seconds,
            client.outage_seconds if is_down else None,
        )
    )


def table(rows: Sequence[Row]) -> str:
    head = "| Killed, or gone | Ended | Requests failed | Outage | Whole again after |\n|---|---|---|---|---|"
    return "\n".join([head, *map(_line, rows)])


def write_table(page: Path, folder: Path, names: Sequence[str]) -> list[str]:
    """Between the page's markers, so that the table in the docs is the run's own. Returns the names
    without a row: then nothing is written, because a part would be taken for the whole."""
    if missing := [name for name in names if not _file(folder, name).is_file()]:
        return missing
    rows = [Row(**json.loads(_file(folder, name).read_text(encoding="utf-8"))) for name in names]
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")
    return []


def main() -> int:
    missing = write_table(PAGE, Path(os.environ[FOLDER]), [*map(str, all_cases()), *FAULTS])
    print(
        "\n".join(["Not written, because these have no row:", *missing])
        if missing
        else f"written into {PAGE.name}"
    )
    return 1 if missing else 0


def _line(row: Row) -> str:
    outage = "none" if row.outage_seconds is None else f"{row.outage_seconds:.1f} s"
    return f"| {row.name} | {row.ended} | {row.failed} of {row.total} | {outage} | {row.seconds:.0f} s |"


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '-')}.json"


if __name__ == "__main__":
    sys.exit(main())
