"""A database, an engine and an image's files, for the tests of migration tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from blocks.migrators.tools import EngineMigrations
from tidegate.facts import Job, Outcome, SchemaChange, SchemaState
from tidegate.schema.ports import Migrator
from tidegate.stack.data import Database
from tidegate.stack.migrations import Migration

SPEC: dict[str, Any] = {"service": "web", "database": "main", "directory": "/app"}
DATABASE = Database(
    engine="postgresql",
    service="db",
    host_key="H",
    user_key="U",
    password_key="P",
    database_key="D",
)
RENAME = 'ALTER TABLE "bills" RENAME COLUMN "note" TO "remark"'
RENAME_BACK = 'ALTER TABLE "bills" RENAME COLUMN "remark" TO "note"'


@dataclass
class Server:
    """What is written down in a database."""

    applied: list[str] = field(default_factory=list)
    has_tables: bool = False
    asked: list[str] = field(default_factory=list)

    def schema_state(self) -> SchemaState:
        return SchemaState("public", (), self.has_tables or bool(self.applied))

    def undo(self, name: str) -> str:
        """As a command does that prints nothing."""
        self.applied.remove(name)
        return ""

    def put(self, *names: str) -> str:
        self.applied[:] = names
        return ""

    def names(self, question: str) -> tuple[str, ...]:
        self.asked.append(question)
        return tuple(self.applied) or (
            ("there",) if "information_schema" in question and self.has_tables else ()
        )


@dataclass
class Host:
    """Runs jobs by a table from the end of their command; each is remembered."""

    answers: Mapping[str, str | Outcome | Callable[[], str]] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)

    def run(self, job: Job) -> Outcome:
        self.jobs.append(job)
        said = " ".join(job.command)
        found = next((answer for end, answer in self.answers.items() if said.endswith(end)), "")
        answer = found() if callable(found) else found
        return answer if isinstance(answer, Outcome) else Outcome(0, answer, "")

    def execute(
        self,
        container: str,
        command: Any,
        *,
        environment: Any = None,
        stdin: BinaryIO | None = None,
        stdout: BinaryIO | None = None,
        timeout_seconds: float = 300,
    ) -> Outcome:
        raise AssertionError("nothing runs inside a database's container")


@dataclass
class Files:
    """The files of one image, by folder."""

    folders: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def read(self, image: str, folder: str, *, key: str) -> Mapping[str, str]:
        return self.folders.get(folder, {})


def inspect(
    spec: Migration, server: Server, host: Host | None = None, files: Files | None = None
) -> SchemaChange:
    tools = EngineMigrations(host or Host(), files or Files())
    state = tools.state(spec, DATABASE, server)
    return tools.history(
        spec, DATABASE, image="shop:2", stand_ins={"A": "stand-in"}, key="t"
    ).inspect(state)


def migrator(spec: Migration, server: Server, host: Host, **environment: str) -> Migrator:
    return EngineMigrations(host, Files()).migrator(
        spec,
        DATABASE,
        image="shop:2",
        environment=environment,
        networks=("shop-prod",),
        volumes={"shop-prod_media": "/media"},
        key="prod/shop/2/migrate",
        server=server,
    )
