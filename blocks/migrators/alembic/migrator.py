"""An application's Alembic history, run by the application's own image in one container per
move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blocks.migrators.alembic.answers import Fault, Moved, Question
from tidegate.errors import MigrationError
from tidegate.facts import Job
from tidegate.ports import JobRunner
from tidegate.secrecy.outside_text import clean, one_line
from tidegate.secrecy.plain_values import holds_secret
from tidegate.secrecy.redaction import learn


@dataclass(frozen=True)
class AlembicMigrator:
    """One schema history inside `image`, with the environment's own values: only for a version that
    was accepted there, or on a copy of its own. `environment` is the application's own and names
    the database."""

    host: JobRunner
    image: str
    environment: Mapping[str, str] = field(repr=False)
    networks: tuple[str, ...]
    key: str
    """Wide to narrow: `prod/cloudlens/42/migrate`."""
    directory: str
    """Where alembic.ini lies inside the image."""
    lock_timeout_seconds: int
    volumes: Mapping[str, str]
    timeout_seconds: float = 3600

    def __post_init__(self) -> None:
        learn({key: value for key, value in self.environment.items() if holds_secret(key, value)})

    def current(self) -> str | None:
        """The revision written in the database; None where there is none."""
        return _one(self._ask("reading the database's revision", "current"))

    def upgrade(self, state: str) -> None:
        """Up to the revision `state`, and see that the database is there. Again: changes nothing.
        Raises MigrationError."""
        self._move("upgrade", state)

    def downgrade(self, state: str) -> None:
        """Down to the revision `state` or `base`, and see that the database is there. Raises
        MigrationError."""
        self._move("downgrade", state)

    def _move(self, verb: str, revision: str) -> None:
        doing = f"running alembic {verb} to {revision}"
        reached = _one(self._ask(doing, verb, revision))
        if reached != (None if revision == "base" else revision):
            raise MigrationError(
                doing, f"the database is at {reached}", "Look at the revision files of this image"
            )

    def _ask(self, doing: str, verb: str, revision: str = "") -> Moved:
        question = Question.of(verb, revision)
        outcome = self.host.run(
            Job(
                key=f"{self.key}/{verb}",
                image=self.image,
                stdin=question.stdin,
                networks=self.networks,
                volumes=self.volumes,
                command=question.command,
                working_directory=self.directory,
                environment={
                    **self.environment,
                    "TIDEGATE_LOCK_TIMEOUT_SECONDS": str(self.lock_timeout_seconds),
                },
                timeout_seconds=self.timeout_seconds,
            )
        )
        answer = question.answer(outcome, Moved, doing)
        if answer.fault:
            raise self._failed(doing, answer, answer.fault)
        return answer

    def _failed(self, doing: str, answer: Moved, fault: Fault) -> MigrationError:
        text = fault.error
        if "Can't locate revision" in text:
            return MigrationError(
                doing, clean(text), "The database was made by a newer image: use that one"
            )
        if fault.statement:
            text += f"; the statement was: {' '.join(fault.statement.split())}"
        if answer.current is not None:
            text += f"; the database is at {', '.join(answer.current) or 'no revision'}"
        if fault.before:
            text += (
                f"; {len(fault.before)} statements of the same revision ran before it: "
                + " ; ".join(one_line(each, 120) for each in fault.before)
            )
        locked = "ock wait timeout" in text or "lock timeout" in text
        to_do = (
            "Something holds a lock on the table: try again when it is quiet"
            if locked
            else "Look which of them the database kept (MySQL keeps them), "
            "then correct the revision or go down by hand"
            if fault.before
            else "Correct the revision or the database"
        )
        return MigrationError(doing, clean(text), to_do, retryable=locked)


def _one(found: Moved) -> str | None:
    return ", ".join(found.current or []) or None
