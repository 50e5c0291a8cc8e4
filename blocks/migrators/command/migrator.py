"""An application's migrations, applied by the application's own image in one container per
command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blocks.migrators.command.applied import applied
from blocks.migrators.command.tool import Argv, Tool, said
from tidegate.errors import MigrationError
from tidegate.facts import Job
from tidegate.ports import JobRunner
from tidegate.schema.migration_sql import Engine
from tidegate.schema.ports import HistoryTables
from tidegate.schema.states import moved, names_in, shown, state_of
from tidegate.secrecy.plain_values import holds_secret
from tidegate.secrecy.redaction import learn

_LOCKED = ("ock wait timeout", "lock timeout")


@dataclass(frozen=True)
class CommandMigrator:
    """One schema history inside `image`, with the environment's own values: only for a version that
    was accepted there, or on a copy of its own. Where the database is, its own server is asked,
    before and after."""

    tool: Tool
    host: JobRunner
    image: str
    environment: Mapping[str, str] = field(repr=False)
    networks: tuple[str, ...]
    key: str
    """Wide to narrow: `prod/cloudlens/42/migrate`."""
    directory: str
    server: HistoryTables
    """The database that `environment` leads to."""
    engine: Engine
    lock_timeout_seconds: int
    volumes: Mapping[str, str]
    timeout_seconds: float = 3600

    def __post_init__(self) -> None:
        learn({key: value for key, value in self.environment.items() if holds_secret(key, value)})

    def current(self) -> str | None:
        """The state of the database; None where nothing was applied."""
        return state_of(applied(self.tool, self.server, self.engine))

    def upgrade(self, state: str) -> None:
        """Up to `state`, and see that the database is there. Again: changes nothing. Raises
        MigrationError."""
        doing = f"migrating to {shown(state)}"
        if self.current() != state:
            self._run(doing, "upgrade", self.tool.up)
            self._see(doing, state)

    def downgrade(self, state: str) -> None:
        """Down to `state` or `base`, and see that the database is there. Again: changes nothing.
        Raises MigrationError."""
        doing, wanted = f"going down to {shown(state)}", None if state == "base" else state
        now = applied(self.tool, self.server, self.engine)
        if state_of(now) == wanted:
            return
        if self.tool.down is None:
            raise MigrationError(
                doing,
                "this tool has no way down",
                "Release a corrected version, or restore a backup",
            )
        stay = set(names_in(wanted))
        undone, kept = (
            [name for name in now if name not in stay],
            [name for name in now if name in stay],
        )
        for place, command in enumerate(self.tool.down(undone, kept, wanted or "")):
            self._run(doing, f"downgrade-{place}", command)
        self._see(doing, wanted)

    def _see(self, doing: str, wanted: str | None) -> None:
        reached = self.current()
        if reached != wanted:
            raise MigrationError(
                doing,
                f"it ended well, and the database is not there: {moved(wanted, reached)}",
                "Look at the migrations of this image, and what its command does",
            )

    def _run(self, doing: str, verb: str, command: Argv) -> None:
        outcome = self.host.run(
            Job(
                key=f"{self.key}/{verb}",
                image=self.image,
                command=command,
                networks=self.networks,
                volumes=self.volumes,
                working_directory=self.directory,
                environment={**self.environment, **self._limits()},
                timeout_seconds=self.timeout_seconds,
            )
        )
        if outcome.exit_code:
            text = said(outcome)
            locked = any(words in outcome.stderr + outcome.stdout for words in _LOCKED)
            raise MigrationError(
                doing,
                f"exit code {outcome.exit_code}: {text}; the database is at "
                f"{shown(self.current()) or 'no migration'}",
                "Something holds a lock on the table: try again when it is quiet"
                if locked
                else "Correct the migration or the database",
                retryable=locked,
            )

    def _limits(self) -> Mapping[str, str]:
        """For clients that are made of libpq, and for a tool of ours that sets the limit itself."""
        seconds = str(self.lock_timeout_seconds)
        options = f"{self.environment.get('PGOPTIONS', '')} -c lock_timeout={seconds}s".strip()
        return {
            "TIDEGATE_LOCK_TIMEOUT_SECONDS": seconds,
            **({"PGOPTIONS": options} if self.engine == "postgresql" else {}),
        }
