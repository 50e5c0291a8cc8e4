"""What a version would do to a database, read from its image before anybody has accepted it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from blocks.migrators.alembic.answers import Inspected, Offline, Question
from tidegate.errors import EngineError, MigrationError
from tidegate.facts import Job, RevisionTable, SchemaChange, SchemaState
from tidegate.plan.changes import gravest
from tidegate.ports import JobRunner
from tidegate.schema.changes import RevisionSource, classify, fits_of
from tidegate.secrecy.outside_text import clean
from tidegate.secrecy.redaction import redact

_LOOK = "Make its files readable without a network, a database and the environment's values"


@dataclass(frozen=True)
class AlembicHistory:
    """One schema history inside `image`. Its code runs sealed: no network, no volume, and no value
    that is true.

    The history is what the version says of itself. What it really does is seen when it runs: on
    staging, and on the restored copy after the approval.
    """

    host: JobRunner
    image: str
    stand_ins: Mapping[str, str] = field(repr=False)
    """The application's environment with other values: see `tidegate.stack.stand_ins`."""
    key: str
    """Wide to narrow: `prod/cloudlens/plan/main`."""
    directory: str
    """Where alembic.ini lies inside the image."""
    database: str
    engine: Literal["mysql", "postgresql"]
    """What kind of server it is for: the same SQL does different things."""
    timeout_seconds: float = 120

    def inspect(self, state: SchemaState) -> SchemaChange:
        """What this image would do to a database in `state`. Nothing is changed. Raises
        MigrationError."""
        doing = f"reading the schema history of {self.image}"
        found = self._ask(doing, state)
        table = state.named(found.table[1], found.table[0]) if found.table else None
        current = table.revisions if table else ()
        _refuse(doing, found, current, state)
        revisions = classify(
            [RevisionSource(one.id, one.message, one.text) for one in found.pending],
            self.engine,
            state.filled,
        )
        return SchemaChange(
            database=self.database,
            current=next(iter(current), None),
            head=found.heads[0],
            revisions=revisions,
            kind=gravest([revision.kind for revision in revisions]),
            fits=fits_of(revisions),
            upgrade_sql=_shown(found.upgrade_sql),
            downgrade_sql=_shown(found.downgrade_sql),
        )

    def _ask(self, doing: str, state: SchemaState) -> Inspected:
        question = Question.of("inspect", _tables(state))
        try:
            outcome = self.host.run(
                Job(
                    key=f"{self.key}/inspect",
                    image=self.image,
                    command=question.command,
                    stdin=question.stdin,
                    working_directory=self.directory,
                    environment=self.stand_ins,
                    sealed=True,
                    timeout_seconds=self.timeout_seconds,
                )
            )
        except EngineError as error:
            if error.retryable:
                raise
            raise MigrationError(doing, error.came_back, _LOOK) from None
        answer = question.answer(outcome, Inspected, doing)
        if answer.fault:
            raise MigrationError(
                doing, f"without a database it fails: {clean(answer.fault.error)}", _LOOK
            )
        return answer


def _tables(state: SchemaState) -> str:
    likely = state.likely()
    return json.dumps(
        {
            "default": state.default_schema,
            "likely": _cells(likely) if likely else None,
            "all": [_cells(table) for table in state.revision_tables],
        }
    )


def _cells(table: RevisionTable) -> list[object]:
    return [table.schema, table.name, list(table.revisions)]


def _refuse(doing: str, found: Inspected, current: tuple[str, ...], state: SchemaState) -> None:
    """Raises MigrationError for a history that has no single way up from where the database is."""
    heads, here = ", ".join(found.heads), ", ".join(current)
    faults = (
        (
            len(found.heads) > 1,
            f"it has more than one head: {heads}",
            f"Join them: alembic merge {' '.join(found.heads)}",
        ),
        (not found.heads, "it has no revision", "Add one, or take `migrations` out of stack.yaml"),
        (
            found.unknown,
            f"the database is at {here}, which this image does not know",
            "The database was made by a newer image: release that or a newer one",
        ),
        (len(current) > 1, f"the database is at more than one revision: {here}", "Join them first"),
        (
            not current and state.has_other_tables,
            "the database has tables but no revision",
            "Say once which revision it is at: alembic stamp REVISION",
        ),
        (
            current != tuple(found.heads) and not found.pending,
            f"it shows no way from {here or 'base'} to {heads}",
            "Look at the revision files of this image",
        ),
    )
    for wrong, came_back, to_do in faults:
        if wrong:
            raise MigrationError(doing, came_back, to_do)


def _shown(offline: Offline) -> str:
    if offline.sql is not None:
        return redact(offline.sql)
    return f"-- no SQL without a database: {clean(offline.reason or '')}"
