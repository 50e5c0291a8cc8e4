"""A Redis with all its databases, spoken to by the client program inside its own container."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from blocks.databases.redis.answers import facts_in, kept_keys, seen, without_counts
from blocks.databases.redis.scripts import (
    ASK,
    CLUSTER,
    DUMP,
    NO_FOLDER,
    NOT_ON_DISK,
    NOT_READ,
    REPLICA,
    ROOM,
    SEVERAL,
)
from blocks.databases.seen import Seen
from blocks.databases.sql_client import DATA, HOUR, Login, Room, SqlClient, statement
from tidegate.errors import DatabaseError
from tidegate.facts import SchemaState
from tidegate.ports import JobRunner

_FAULTS = (
    ("WRONGPASS", "the user or password is wrong", "Compare the env file with the compose files"),
    ("NOAUTH", "it asks for a password", "Name its env key in stack.yaml: password_key"),
    (
        "NOPERM",
        "the user may not do this",
        "Let it CONFIG GET, INFO, PSYNC, SAVE and REPLICAOF, or name a user who may: user_key",
    ),
    ("Could not connect", "the server does not answer", "Start it, or wait until it has started"),
    ("LOADING", "the server is starting", "Wait until it has started"),
    ("redis-cli: not found", "the container has no redis-cli", "Use an image that has it: redis:7"),
    (
        CLUSTER,
        "it is part of a cluster, which no one of its servers holds",
        "Take it out of `databases`, and save it by other means",
    ),
    (
        SEVERAL,
        "it has `masterauth`, as one of several servers has",
        "Take the setting out where it is one server alone. Others are not supported",
    ),
    (
        REPLICA,
        "it is a replica of another server",
        "Name the service that is written to",
    ),
    (
        NO_FOLDER,
        "it does not say in which folder it keeps its data",
        "Let the login ask it: CONFIG GET dir",
    ),
    (NOT_READ, "it did not read the copy", "Start the restore again"),
    (
        NOT_ON_DISK,
        "it has read the copy, but could not write it down",
        "Look at its disk and its log, then start the restore again",
    ),
)


class Redis:
    """One Redis in `container`. `login.database` is the name in the stack file."""

    end_marks: Mapping[str, bytes] = {DATA: b""}
    """By kind of file: nothing, because the file has a checksum, which a server reads."""
    file_type = "rdb"

    def __init__(self, host: JobRunner, container: str, login: Login) -> None:
        self.login = login
        environment = {"REDISCLI_AUTH": login.password} if login.password else {}
        self._client = SqlClient(host, container, login, environment, _explain)

    def ping(self, timeout_seconds: float = 20) -> None:
        """Log in. Raises DatabaseError that tells what failed."""
        self._client.run("logging in to", self._ping(), timeout_seconds=timeout_seconds)

    def wait(self, seconds: float) -> None:
        """Until the login succeeds. Raises DatabaseError with the last answer."""
        self._client.wait(self._ping(), statement(""), seconds)

    def dumps(self) -> Mapping[str, Callable[[BinaryIO], Seen]]:
        """By kind of file."""
        return {DATA: self.dump}

    def dump(self, into: BinaryIO) -> Seen:
        """An RDB file: all databases at one moment, which the server chooses. Raises DatabaseError,
        also for what could not be put back."""
        return seen(self._client.heard("dumping", self.script(DUMP), stdout=into))

    def row_counts(self) -> Mapping[str, int]:
        """By database, such as `db0`: exactly how many keys never expire."""
        return kept_keys(self._info("counting the keys of"))

    def free_connections(self) -> int:
        """How many more clients the server takes."""
        doing = "counting the connections of"
        most = self._ask(doing, "maxclients", "config", "get", "maxclients").split()[1]
        return int(most) - int(facts_in(self._info(doing))["connected_clients"])

    def data_size(self) -> int:
        """Bytes in memory; a file of them is smaller."""
        return int(facts_in(self._info("measuring"))["used_memory"])

    def room(self) -> Room:
        """In memory and on the disk, whichever is less: a copy needs both."""
        said = facts_in(self._client.run("measuring", self.script(ROOM)))
        free = [int(said["available"]) * 1024, int(said["disk"].split()[3]) * 1024]
        if said.get("limit", "max").isdigit():
            free.append(int(said["limit"]) - int(said["used_memory_rss"]))
        return Room(int(said["used_memory"]), min(free))

    def schema_state(self) -> SchemaState:
        """It has no schema, and no history of one."""
        return SchemaState("", (), has_other_tables=False)

    def names(self, question: str) -> tuple[str, ...]:
        """Raises DatabaseError."""
        raise self._answers_no_sql()

    def count(self, question: str) -> int:
        """Raises DatabaseError."""
        raise self._answers_no_sql()

    def revision(self) -> None:
        """It has none."""

    def run(self, doing: str, script: str, *words: str, stdin: BinaryIO | None = None) -> str:
        """Run one of our scripts in its container. Returns what it printed. Raises
        DatabaseError."""
        return self._client.run(doing, self.script(script, *words), stdin=stdin)

    def script(self, script: str, *words: str) -> Sequence[str]:
        return ("sh", "-c", script, "sh", str(self.login.port), self.login.user, *words)

    def _ping(self) -> Sequence[str]:
        return self.script(ASK, "PONG", "ping")

    def _info(self, doing: str) -> str:
        return self._ask(doing, "# Server", "info")

    def _ask(self, doing: str, good: str, *command: str) -> str:
        return self._client.run(doing, self.script(ASK, good, *command), timeout_seconds=HOUR)

    def _answers_no_sql(self) -> DatabaseError:
        return DatabaseError(
            f"asking {self.login.database!r}",
            "it is a Redis, which answers no SQL",
            "Declare no migration of it",
        )


def _explain(said: str, database: str) -> tuple[str, str]:
    lines = (without_counts(said) or said).splitlines()
    for text, came_back, to_do in _FAULTS:
        if line := next((line for line in lines if text in line), ""):
            detail = line.removeprefix(text).strip(" :")
            return f"{came_back} ({detail})" if detail else came_back, to_do
    return lines[-1], f"Correct what it names in {database!r}"
