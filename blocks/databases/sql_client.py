"""What the database adapters share: client programs run inside the database's own container."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import BinaryIO

from tidegate.errors import DatabaseError, EngineError
from tidegate.facts import Outcome
from tidegate.ports import JobRunner

HOUR = 3600.0
CONNECT_SECONDS = 20
WAIT_SLACK_SECONDS = 60  # for the last try
_NAMES = re.compile(r'"(?:[^"]|"")*"|[^."]+')
DATA = "data"
"""The kind of a backup's file that holds the rows; the other kinds are what a restore needs before
or after it."""
GLOBALS = "globals"
CODE = "code"
MOST_NAME_BYTES = 40
_BESIDE = ("__tidegate_new", "__tidegate_making", "__tidegate_old")
Readers = Mapping[str, Callable[[], AbstractContextManager[BinaryIO]]]
"""By kind: opens that file of a backup, from its beginning."""


@dataclass(frozen=True)
class Login:
    """Who asks which database. The password is given to client programs by their environment, never
    their argv. A Redis may have neither user nor password: then they are empty."""

    user: str
    password: str = field(repr=False)
    database: str
    port: int
    host: str = ""
    """Of a database elsewhere; empty where client programs run in the database's own container."""


Query = Callable[[str, str], list[list[str]]]
"""From what is being done and SQL to rows of cells."""


@dataclass(frozen=True)
class Beside:
    """The names of the databases that stand beside `database` while it is restored."""

    database: str

    @property
    def new(self) -> str:
        return self._stem + _BESIDE[0]

    @property
    def making(self) -> str:
        return self._stem + _BESIDE[1]

    @property
    def old(self) -> str:
        return self._stem + _BESIDE[2]

    @property
    def _stem(self) -> str:
        """A server takes about 63 bytes."""
        name = self.database.encode()
        return (
            self.database if len(name) <= MOST_NAME_BYTES else hashlib.sha256(name).hexdigest()[:12]
        )


@dataclass(frozen=True)
class Room:
    """Bytes on the disk of a server."""

    taken: int
    """By the database."""
    free: int | None
    """None where nobody here can measure it: the disk is elsewhere."""


def without_beside(names: Iterable[str]) -> list[str]:
    """Those that are no copy of ours."""
    return [name for name in names if not name.endswith(_BESIDE)]


Step = tuple[str, str]
"""What is being done, as an error says it, and the SQL that does it: whole statements."""
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

    def run(
        self,
        doing: str,
        command: Sequence[str],
        *,
        stdin: BinaryIO | None = None,
        stdout: BinaryIO | None = None,
        timeout_seconds: float = HOUR,
    ) -> str:
        """What the program printed. Raises DatabaseError, also where the container cannot run
        it."""
        return self._checked(doing, self._outcome(doing, command, stdin, stdout, timeout_seconds))

    def heard(
        self,
        doing: str,
        command: Sequence[str],
        *,
        stdin: BinaryIO | None = None,
        stdout: BinaryIO,
    ) -> str:
        """What the program printed on stderr. Raises DatabaseError."""
        outcome = self._outcome(doing, command, stdin, stdout, HOUR)
        self._checked(doing, outcome)
        return outcome.stderr

    def act(self, command: Sequence[str], steps: Sequence[Step]) -> None:
        """Take the steps in one run of a client. Raises DatabaseError that says what the step that
        failed was doing."""
        announced = "".join(
            f"SELECT '{_BEGUN}{place}';\n{sql}" for place, (_, sql) in enumerate(steps)
        )
        outcome = self._outcome(steps[0][0], command, io.BytesIO(as_bytes(announced)), None, HOUR)
        begun = [
            int(line.removeprefix(_BEGUN))
            for line in outcome.stdout.splitlines()
            if line.startswith(_BEGUN)
        ]
        self._checked(steps[begun[-1] if begun else 0][0], outcome)

    def wait(self, command: Sequence[str], stdin: BinaryIO, seconds: float) -> None:
        """Run it inside the container until it succeeds: to start each try from outside is dear.
        Raises DatabaseError with the last try's words."""
        self.run(
            "waiting for",
            ["sh", "-c", _UNTIL, f"{seconds:.0f}", *command],
            stdin=stdin,
            timeout_seconds=seconds + WAIT_SLACK_SECONDS,
        )

    def room(self, command: Sequence[str], question: str, folder: str) -> Room:
        """Ask `question`, whose first line is the size of the database, and `df`. `folder`, where
        the data lie, is written for a shell; it may be the answer's last line, `$last`."""
        asking = ["sh", "-c", _ROOM.format(folder), "sh", *command]
        printed = self.run("measuring", asking, stdin=statement(question)).splitlines()
        return Room(int(printed[0]), int(printed[-1].split()[3]) * 1024)

    def _outcome(
        self,
        doing: str,
        command: Sequence[str],
        stdin: BinaryIO | None,
        stdout: BinaryIO | None,
        timeout_seconds: float,
    ) -> Outcome:
        try:
            return self.host.execute(
                self.container,
                command,
                environment=self.environment,
                stdin=stdin,
                stdout=stdout,
                timeout_seconds=timeout_seconds,
            )
        except EngineError as error:
            raise DatabaseError(
                self._about(doing),
                error.came_back,
                "Start the database's container, or look why it stopped",
                retryable=error.retryable,
            ) from None

    def _checked(self, doing: str, outcome: Outcome) -> str:
        if outcome.exit_code == 0:
            return outcome.stdout
        raise self.error(doing, outcome.stderr.strip() or f"exit code {outcome.exit_code}")

    def error(self, doing: str, said: str) -> DatabaseError:
        """What a program `said` when it failed, without the password, and what to do."""
        if self.login.password:
            said = said.replace(self.login.password, "***")
        return DatabaseError(self._about(doing), *self.explain(said, self.login.database))

    def cut_short(self, doing: str) -> DatabaseError:
        """Of a program that ended well and did not print all."""
        return DatabaseError(
            self._about(doing),
            "it stops before its end mark",
            f"Look into the log of {self.container}, and try again",
        )

    def _about(self, doing: str) -> str:
        return f"{doing} {self.login.database!r} in {self.container}"


_BEGUN = "tidegate: step "
_UNTIL = """given=$(cat) end=$(($(date +%s) + $0))
until said=$(printf %s "$given" | "$@" 2>&1); do
  if [ "$(date +%s)" -ge "$end" ]; then printf '%s\\n' "$said" >&2; exit 1; fi
  sleep 0.25
done"""
_ROOM = """\
said=$("$@") && printf '%s\\n' "$said" && last=$(printf '%s' "$said" | tail -n 1) && df -Pk {}"""


class Tail:
    """A writer that passes everything on and keeps the end of it, where a complete dump has its
    mark."""

    def __init__(self, sink: BinaryIO, size: int = 512) -> None:
        self._sink, self._size, self.end = sink, size, b""

    def write(self, data: bytes) -> int:
        self.end = (self.end + data[-self._size :])[-self._size :]
        return self._sink.write(data)


def statement(text: str) -> BinaryIO:
    """SQL goes in by stdin: argv is short and seen by everybody on the host."""
    return io.BytesIO(text.encode())


def script(statements: Iterable[str]) -> str:
    """Each with its end, on lines of its own."""
    return "".join(f"{one};\n" for one in statements)


def as_text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


def as_bytes(text: str) -> bytes:
    """What `unhex` or a file gave, as it was: a server may keep what is no text."""
    return text.encode(errors="surrogateescape")


def cells(printed: str) -> list[list[str]]:
    """Tab-separated rows, as the clients print them in batch mode."""
    return [line.split("\t") for line in printed.splitlines()]


def unhex(cell: str) -> str:
    """A name that a server has printed in hex, because it may hold a tab or a line's end."""
    return as_text(bytes.fromhex(cell))


def shown(*names: str) -> str:
    """`audit.bills`: names as a backup and its page show them; one that could be mistaken for two
    is quoted."""
    return ".".join(quoted(name) if set(name) & set('."') else name for name in names)


def bare(name: str) -> str:
    """The last name of what `shown` gave: as Tidegate 0.1 wrote every table."""
    last: str = _NAMES.findall(name)[-1]
    return last[1:-1].replace('""', '"') if last.startswith('"') else last


def quoted(name: str, mark: str = '"') -> str:
    return mark + name.replace(mark, mark * 2) + mark
