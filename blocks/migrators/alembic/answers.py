"""How the probe in an image is called, and what it may answer. Its words are those of foreign code:
bounded, checked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from blocks.migrators.alembic import probe as alembic_probe
from tidegate.errors import MigrationError
from tidegate.facts import Outcome
from tidegate.secrecy.outside_text import clean_end, last_lines, one_line

_SOURCE = Path(alembic_probe.__file__).read_text(encoding="utf-8")
_MOST_TEXT = 4_000_000
# The interpreter that Alembic was installed for: of its own executable, or on PATH.
_START = """
for python in "$(sed -n '1s/^#!//p' "$(command -v alembic)" 2>/dev/null)" python python3; do
  "$python" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("alembic"))' 2>/dev/null \
    && exec "$python" - "$@"
done
echo 'no Python with alembic in this image' >&2; exit 127
"""

RevisionId = Annotated[str, StringConstraints(pattern=r"\A[\x21-\x7e]{1,128}\z")]
RevisionIds = Annotated[list[RevisionId], Field(max_length=100)]
Text = Annotated[str, StringConstraints(max_length=_MOST_TEXT)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Fault(Part):
    error: Text
    statement: Text | None
    before: list[Text]


class Offline(Part):
    """SQL, or why it cannot be told without a database."""

    sql: Text | None = None
    reason: Text | None = None


class PendingRevision(Part):
    id: RevisionId
    message: Text
    text: Text | None


class Moved(Part):
    """After a look at the database, or a move of it."""

    current: RevisionIds | None = None
    fault: Fault | None = None


class Inspected(Part):
    """A history, seen from where the database is. The way is empty where there is none, or more
    than one."""

    heads: RevisionIds = []
    table: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None
    unknown: RevisionIds = []
    pending: list[PendingRevision] = []
    upgrade_sql: Offline = Offline(sql="")
    downgrade_sql: Offline = Offline(sql="")
    fault: Fault | None = None


A = TypeVar("A", Moved, Inspected)


@dataclass(frozen=True)
class Question:
    """One question to the probe; `mark` begins the only line that counts as its answer."""

    verb: str
    argument: str
    mark: str

    @classmethod
    def of(cls, verb: str, argument: str = "") -> Question:
        return cls(verb, argument, f"tidegate-probe-{secrets.token_hex(16)}:")

    @property
    def command(self) -> tuple[str, ...]:
        return ("sh", "-c", _START, "sh", self.verb, *([self.argument] if self.argument else []))

    @property
    def stdin(self) -> bytes:
        return _SOURCE.replace(f'"{alembic_probe.MARK}"', f'"{self.mark}"', 1).encode()

    def answer(self, outcome: Outcome, kind: type[A], doing: str) -> A:
        """The one answer in `outcome`. Raises MigrationError for none, for several and for
        nonsense."""
        lines = [line for line in outcome.stdout.split("\n") if line.startswith(self.mark)]
        if not lines:
            said = clean_end(" | ".join(last_lines(outcome.stderr, 3)))
            raise MigrationError(
                doing,
                f"exit code {outcome.exit_code}: {said}",
                "Correct what it names in the image",
            )
        if len(lines) > 1:
            raise _nonsense(doing, f"it answered {len(lines)} times")
        try:
            answer = kind.model_validate_json(lines[0][len(self.mark) :])
        except ValidationError as error:
            raise _nonsense(doing, _faults(error)) from None
        if outcome.exit_code and answer.fault is None:
            raise _nonsense(doing, f"it answered and ended with exit code {outcome.exit_code}")
        return answer


def _nonsense(doing: str, what: str) -> MigrationError:
    return MigrationError(
        doing,
        f"{what}, as no Alembic does",
        "Look into the image: something there answers in Alembic's place",
    )


def _faults(error: ValidationError) -> str:
    found: Sequence[str] = [
        f"{'.'.join(map(str, fault['loc'])) or 'its answer'}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    ]
    return one_line("; ".join(found[:3]))
