"""The table of `make field` in docs/field.md: a row for each application, as it was seen last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from setup.places import ROOT

PAGE = ROOT / "docs" / "field.md"
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


@dataclass(frozen=True)
class Table:
    """One table of the page, between two comments."""

    mark: str
    without: tuple[str, ...] = ()
    """Headings of `HEADINGS` that it has not."""

    @property
    def begin(self) -> str:
        return f"<!-- {self.mark} -->\n"

    @property
    def end(self) -> str:
        return f"<!-- /{self.mark} -->"

    def cells(self, cells: Sequence[str]) -> list[str]:
        """Of all that a row has, those with a heading here."""
        return [
            cell
            for heading, cell in zip(HEADINGS, cells, strict=True)
            if heading not in self.without
        ]


FIELD_TABLE = Table("field")
SEEDS_TABLE = Table("seeds", without=(HEADINGS[2],))


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


def line_of(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def write_row(
    row: Row, names: Sequence[str], page: Path = PAGE, table: Table = FIELD_TABLE
) -> None:
    """Into the page's table, in the order of `names`. The other rows stay: not every run tries all
    applications. What has no row says that it was not tried."""
    before, _, rest = page.read_text(encoding="utf-8").partition(table.begin)
    lines, _, after = rest.partition(table.end)
    there = {line.split("|")[1].strip(): line for line in lines.splitlines()}
    there[row.application] = line_of(table.cells(row.cells()))
    headings = table.cells(HEADINGS)
    new = [line_of(headings), line_of(("---",) * len(headings))]
    new += [there.get(name) or line_of(table.cells(_untried(name).cells())) for name in names]
    text = "\n".join(new)
    page.write_text(f"{before}{table.begin}{text}\n{table.end}{after}", encoding="utf-8")


def _untried(name: str) -> Row:
    return Row(name, NOT_SEEN, unsaid=["not tried: nothing was seen of it yet"])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
