"""The table of `make field`: a row for each application, kept as a file and written into
docs/field.md.

`.venv/bin/python -m tests.field.rows` writes the table of the rows that are there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from setup.places import HOME, ROOT

FOLDER = HOME / "field-rows"
PAGE = ROOT / "docs" / "field.md"
BEGIN, END = "<!-- field -->", "<!-- /field -->"
NOT_SEEN = "–"
HEADINGS = (
    "Application",
    "Kind",
    "`init`: lines, questions",
    "`check`",
    "`adopt`",
    "Staging",
    "Production",
    "Back",
    "Requests lost",
    "Longest gap",
    "Rows before, after",
    "What could not be said",
)


@dataclass
class Row:
    """What was seen of one application. A cell that was never reached stays `–`."""

    application: str
    kind: str
    init: str = NOT_SEEN
    check: str = NOT_SEEN
    adopt: str = NOT_SEEN
    staging: str = NOT_SEEN
    prod: str = NOT_SEEN
    back: str = NOT_SEEN
    lost: str = NOT_SEEN
    gap: str = NOT_SEEN
    rows: str = NOT_SEEN
    unsaid: list[str] = field(default_factory=list)

    def cells(self) -> list[str]:
        *cells, unsaid = asdict(self).values()
        return [*cells, "; ".join(unsaid) or "nothing"]


def keep(row: Row, folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{row.application}.json").write_text(json.dumps(asdict(row)), encoding="utf-8")


def kept(names: Sequence[str], folder: Path = FOLDER) -> list[Row]:
    """In the order of `names`; what has no row has not been tried, and its row says so."""
    return [_read(folder / f"{name}.json", name) for name in names]


def _read(file: Path, name: str) -> Row:
    return (
        Row(**json.loads(file.read_text(encoding="utf-8")))
        if file.is_file()
        else Row(name, NOT_SEEN, unsaid=["not tried"])
    )


def table(rows: Sequence[Row]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def write_table(rows: Sequence[Row], page: Path = PAGE) -> None:
    """Between the page's markers, so that the table in the docs is the run's own."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")


def main() -> None:
    from tests.field.apps import APPS

    write_table(kept([app.name for app in APPS]))


if __name__ == "__main__":
    main()
