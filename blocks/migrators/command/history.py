"""What a version would do to a database, from the migrations in its image and the names in the
database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blocks.migrators.command.tool import Image, Tool
from tidegate.errors import MigrationError
from tidegate.facts import Revision, SchemaChange, SchemaState
from tidegate.plan.changes import gravest
from tidegate.schema.changes import SqlSource, classify_sql, fits_of
from tidegate.schema.states import MOST_NAMES, is_name, shown, state_of
from tidegate.secrecy.outside_text import one_line
from tidegate.secrecy.redaction import redact

UNKNOWN = "the tool prints no SQL"


@dataclass(frozen=True)
class CommandHistory:
    """One schema history inside an image, which nothing of the environment is shown to."""

    tool: Tool
    image: Image
    database: str

    def inspect(self, state: SchemaState) -> SchemaChange:
        """What this image would do to a database in `state`. Nothing is changed. Raises
        MigrationError."""
        table = state.likely()
        applied = table.revisions if table else ()
        found = self.tool.contents(self.image, applied)
        names = [one.id for one in found]
        pending = [one for one in found if one.id not in set(applied)]
        self._refuse(names, applied, self._unknown(names, applied, is_at_head=not pending), state)
        revisions = classify_sql(pending, self.image.engine, state.filled)
        return SchemaChange(
            database=self.database,
            current=state_of(applied),
            head=self._head(names, applied),
            revisions=revisions,
            kind=gravest([revision.kind for revision in revisions]),
            fits=fits_of(revisions),
            upgrade_sql=_printed(pending, [one.up for one in pending]),
            downgrade_sql=_printed(pending[::-1], [one.down for one in pending[::-1]])
            if _any_down(revisions)
            else "",
        )

    def _head(self, names: Sequence[str], applied: Sequence[str]) -> str:
        return state_of(names if self.tool.replaces else [*applied, *names]) or ""

    def _unknown(
        self, names: Sequence[str], applied: Sequence[str], *, is_at_head: bool
    ) -> list[str]:
        """Names in the database that a newer image must have put there: an older one may be gone
        from the files."""
        unknown = [name for name in applied if name not in set(names)]
        place = self.tool.place
        if place is None:
            return unknown if is_at_head or not self.tool.replaces else []
        newest = dict(sorted(map(place, names)))  # of each line the last one
        lines = [(name, *place(name)) for name in unknown]
        return [name for name, line, order in lines if line in newest and order > newest[line]]

    def _refuse(
        self, names: Sequence[str], applied: Sequence[str], newer: Sequence[str], state: SchemaState
    ) -> None:
        odd = [name for name in names if not is_name(name)]
        faults = (
            (
                not names and not applied,
                "it has no migration",
                "Add one, or take `migrations` out of stack.yaml",
            ),
            (
                bool(odd),
                f"{one_line(repr(odd[:1]), 80)} is no name of a migration",
                "Print names without blanks, one a line",
            ),
            (len(set(names)) < len(names), "it has a migration twice", "Print each name once"),
            (
                len(names) > MOST_NAMES,
                f"it has more than {MOST_NAMES} migrations",
                "Print names alone, one a line",
            ),
            (
                bool(newer),
                f"the database is at {shown(' '.join(newer))}, which this image does not know",
                "The database was made by a newer image: release that or a newer one",
            ),
            (
                not applied and state.has_other_tables,
                "the database has tables, and no migration is written down in it",
                self.tool.adopt,
            ),
        )
        for wrong, came_back, to_do in faults:
            if wrong:
                raise MigrationError(self.image.doing, came_back, to_do)


def _any_down(revisions: Sequence[Revision]) -> bool:
    """Whether a way down can be walked at all, so that its SQL is worth reading."""
    return bool(revisions) and all(one.kind not in ("unknown", "irreversible") for one in revisions)


def _printed(pending: Sequence[SqlSource], texts: Sequence[str | None]) -> str:
    parts = [
        f"-- {one.id}\n{text.strip()}" if text is not None else f"-- {one.id}: {one.why or UNKNOWN}"
        for one, text in zip(pending, texts, strict=True)
    ]
    return redact("\n\n".join(parts))
