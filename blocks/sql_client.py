"""What the database adapters share: client programs run inside the database's own container."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from tidegate.errors import DatabaseError, EngineError
from tidegate.facts import Outcome
from tidegate.ports import JobRunner

HOUR = 3600.0


@dataclass(frozen=True)
class Login:
    """Who asks which database. The password is given to client programs by their environment, never their argv."""

    user: str
    password: str = field(repr=False)
    database: str
    port: int


Explain = Callable[[str, str], tuple[str, str]]
"""From the client's stderr and the database's name to what came back and what to do."""


@dataclass(frozen=True)
class SqlClient:
    """Runs client programs in `container`; `environment` carries the password."""

    host: JobRunner
    container: str
    login: Login
    environment: Mapping[str, str] = field(repr=False)
    explain: Explain

    def run(self, doing: str, command: Sequence[str], *, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None,
            timeout_seconds: float = HOUR) -> str:
        """What the program printed. Raises DatabaseError, also where the container cannot run it."""
        doing = f"{doing} {self.login.database!r} in {self.container}"
        try:
            outcome = self.host.execute(self.container, command, environment=self.environment,
                                        stdin=stdin, stdout=stdout, timeout_seconds=timeout_seconds)
        except EngineError as error:
            raise DatabaseError(doing, error.came_back, "Start the database's container, or look "
                                "why it stopped", retryable=error.retryable) from None
        return self._checked(doing, outcome)

    def _checked(self, doing: str, outcome: Outcome) -> str:
        if outcome.exit_code == 0:
            return outcome.stdout
        said = outcome.stderr.strip().replace(self.login.password, "***")
        came_back, to_do = self.explain(said or f"exit code {outcome.exit_code}", self.login.database)
        raise DatabaseError(doing, came_back, to_do)


class Tail:
    """A writer that passes everything on and keeps the end of it, where a complete dump has its mark."""

    def __init__(self, sink: BinaryIO, size: int = 512) -> None:
        self._sink, self._size, self.end = sink, size, b""

    def write(self, data: bytes) -> int:
        self.end = (self.end + data[-self._size:])[-self._size:]
        return self._sink.write(data)


def statement(text: str) -> BinaryIO:
    """SQL goes in by stdin: argv is short and seen by everybody on the host."""
    return io.BytesIO(text.encode())


def cells(printed: str) -> list[list[str]]:
    """Tab-separated rows, as the clients print them in batch mode."""
    return [line.split("\t") for line in printed.splitlines()]
