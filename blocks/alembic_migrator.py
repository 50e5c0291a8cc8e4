"""An application's Alembic history, asked and run by the application's own image in one container per question."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blocks import alembic_probe
from tidegate.errors import MigrationError
from tidegate.facts import Job, Outcome, SchemaChange
from tidegate.outside_text import last_lines, one_line
from tidegate.ports import JobRunner
from tidegate.redaction import learn, redact
from tidegate.schema_changes import RevisionSource, classify, gravest

_PROBE = Path(alembic_probe.__file__).read_bytes()
# The interpreter that Alembic was installed for: of its own executable, or on PATH.
_START = """
for python in "$(sed -n '1s/^#!//p' "$(command -v alembic)" 2>/dev/null)" python python3; do
  "$python" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("alembic"))' 2>/dev/null \
    && exec "$python" - "$@"
done
echo 'no Python with alembic in this image' >&2; exit 127
"""


@dataclass(frozen=True)
class AlembicMigrator:
    """One schema history inside `image`. `environment` is the application's own and names the database."""

    host: JobRunner
    image: str
    environment: Mapping[str, str] = field(repr=False)
    networks: tuple[str, ...]
    key: str
    """Wide to narrow: `prod/cloudlens/42/migrate`."""
    directory: str = "/app"
    """Where alembic.ini lies inside the image."""
    database: str = "main"
    lock_timeout_seconds: int = 10
    prefix: tuple[str, ...] = ()
    """Words before the command, such as `("gosu", "app")`."""
    timeout_seconds: float = 3600

    def __post_init__(self) -> None:
        learn(self.environment)   # Alembic quotes its settings in errors

    def inspect(self) -> SchemaChange:
        """What this image would do to the database. Nothing is changed. Raises MigrationError."""
        doing = f"reading the schema history of {self.image}"
        found = self._ask(doing, "inspect")
        self._refuse(doing, found)
        revisions = classify([RevisionSource(**each) for each in found["pending"]])
        return SchemaChange(
            database=self.database, current=(found["current"] or [None])[0], head=found["heads"][0],
            revisions=revisions, kind=gravest(revision.kind for revision in revisions),
            upgrade_sql=self._shown(found["upgrade_sql"]), downgrade_sql=self._shown(found["downgrade_sql"]))

    def current(self) -> str | None:
        """The revision written in the database; None where there is none."""
        return self._one(self._ask("reading the database's revision", "current"))

    def upgrade(self, revision: str) -> None:
        """Up to `revision`, and see that the database is there. Again: changes nothing. Raises MigrationError."""
        self._move("upgrade", revision)

    def downgrade(self, revision: str) -> None:
        """Down to `revision` or `base`, and see that the database is there. Raises MigrationError."""
        self._move("downgrade", revision)

    def _move(self, verb: str, revision: str) -> None:
        doing = f"running alembic {verb} to {revision}"
        reached = self._one(self._ask(doing, verb, revision))
        if reached != (None if revision == "base" else revision):
            raise MigrationError(doing, f"the database is at {reached}", "Look at the revision files of this image")

    def _ask(self, doing: str, verb: str, *arguments: str) -> dict[str, Any]:
        outcome = self.host.run(Job(
            key=f"{self.key}/{verb}", image=self.image, stdin=_PROBE, networks=self.networks,
            command=(*self.prefix, "sh", "-c", _START, "sh", verb, *arguments), working_directory=self.directory,
            environment={**self.environment, "TIDEGATE_LOCK_TIMEOUT_SECONDS": str(self.lock_timeout_seconds)},
            timeout_seconds=self.timeout_seconds))
        answer = _answer(outcome)
        if answer is None or (outcome.exit_code and "fault" not in answer):
            said = " | ".join(last_lines(outcome.stderr, 3))
            raise MigrationError(doing, f"exit code {outcome.exit_code}: {said}", "Correct what it names in the image")
        if "fault" in answer:
            raise self._failed(doing, answer)
        return answer

    def _failed(self, doing: str, answer: dict[str, Any]) -> MigrationError:
        fault, reached = answer["fault"], ", ".join(answer.get("current") or ["no revision"])
        text = fault["error"]
        if "Can't locate revision" in text:
            return MigrationError(doing, text, "The database was made by a newer image: use that one")
        if fault["statement"]:
            text += f"; the statement was: {' '.join(fault['statement'].split())}"
        if "current" in answer:
            text += f"; the database is at {reached}"
        if fault["before"]:
            text += f"; {len(fault['before'])} statements of the same revision ran before it: " + " ; ".join(
                one_line(each, 120) for each in fault["before"])
        locked = "ock wait timeout" in text or "lock timeout" in text
        to_do = ("Something holds a lock on the table: try again when it is quiet" if locked else
                 "Look which of them the database kept (MySQL keeps them), then correct the revision or go down by hand"
                 if fault["before"] else "Correct the revision or the database")
        return MigrationError(doing, text, to_do, retryable=locked)

    def _refuse(self, doing: str, found: dict[str, Any]) -> None:
        """Raises MigrationError for a history that has no single way up from where the database is."""
        heads, current = ", ".join(found["heads"]), ", ".join(found["current"])
        faults = (
            (len(found["heads"]) > 1, f"it has more than one head: {heads}", f"Join them: alembic merge {heads}"),
            (not found["heads"], "it has no revision", "Add one, or take `migrations` out of stack.yaml"),
            (found["unknown"], f"the database is at {current}, which this image does not know",
             "The database was made by a newer image: release that or a newer one"),
            (len(found["current"]) > 1, f"the database is at more than one revision: {current}", "Join them first"),
            (not found["current"] and found["tables"], "the database has tables but no revision",
             "Say once which revision it is at: alembic stamp REVISION"),
        )
        for wrong, came_back, to_do in faults:
            if wrong:
                raise MigrationError(doing, came_back, to_do.replace(", ", " ") if "merge" in to_do else to_do)

    def _one(self, found: dict[str, Any]) -> str | None:
        return ", ".join(found["current"]) or None

    def _shown(self, offline: dict[str, str]) -> str:
        return redact(offline["sql"] if "sql" in offline else f"-- no SQL without a database: {offline['reason']}")


def _answer(outcome: Outcome) -> dict[str, Any] | None:
    for line in reversed(outcome.stdout.splitlines()):
        if line.startswith(alembic_probe.MARK):
            answer: dict[str, Any] = json.loads(line[len(alembic_probe.MARK):])
            return answer
    return None
