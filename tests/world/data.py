"""Databases, their migrations and the volumes, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.world.engine import PROJECT, MemoryEngine
from tests.world.versions import HISTORY, between
from tidegate.backups.saved import PlacedDatabase
from tidegate.errors import DatabaseError, MigrationError
from tidegate.facts import Revision, RevisionTable, SchemaChange, SchemaState
from tidegate.plan.changes import gravest
from tidegate.schema.ports import HistoryTables
from tidegate.stack.data import FOUND_KEY, AnyDatabase, Database
from tidegate.stack.migrations import Migration

_LOGIN_KEYS = ("host_key", "port_key", "user_key", "password_key", "database_key")


@dataclass(frozen=True)
class Content:
    """What one database holds."""

    revision: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    misfits: int = 0
    """Rows that a narrower schema would not take."""


@dataclass
class MemoryDatabase:
    """One database, with what stands beside it while it is restored."""

    project: str
    engine: MemoryEngine
    content: Content = Content()
    beside: Content | None = None
    replaced: Content | None = None
    is_elsewhere: bool = False
    is_there: bool = True
    """False of one that was dropped, or that a restore is about to make again."""
    name: str = ""
    """Of one that a pattern finds."""
    silences: int = 0
    """How many questions a server that has just been started leaves without an answer."""

    def row_counts(self) -> Mapping[str, int]:
        self._refuse_stopped()
        return dict(self.content.rows)

    def free_connections(self) -> int:
        self._refuse_stopped()
        return 100

    def data_size(self) -> int:
        self._refuse_stopped()
        return 1 << 20

    def schema_state(self) -> SchemaState:
        self._refuse_stopped()
        revision = self.content.revision
        tables = (RevisionTable("app", "alembic_version", (revision,)),) if revision else ()
        return SchemaState("app", tables, bool(self.content.rows))

    def names(self, question: str) -> tuple[str, ...]:
        self._refuse_stopped()
        return (self.content.revision,) if self.content.revision else ()

    def count(self, question: str) -> int:
        self._refuse_stopped()
        return self.content.misfits

    def name_of(self, revision: str) -> str:
        """Of the change that made it; none of no revision."""
        return f"{revision} in {self.called}" if revision else ""

    @property
    def called(self) -> str:
        return f"{self.project}/{self.name}" if self.name else self.project

    def drop(self) -> None:
        """As the application does it when a customer goes."""
        self.content, self.is_there = Content(), False

    def _refuse_stopped(self) -> None:
        runs = any(
            one.state == "running" and one.service == "db" for one in self.engine.of(self.project)
        )
        is_silent, self.silences = self.silences > 0, max(0, self.silences - 1)
        if not self.is_elsewhere and (not runs or is_silent):
            raise DatabaseError(
                f"asking the database of {self.project}", "the server does not answer", "Start it"
            )
        if not self.is_there:
            raise DatabaseError(
                f"asking a database of {self.project}", "there is no such database", "Create it"
            )


@dataclass
class MemoryDatabases:
    """All of one engine, by the network on which an application finds them."""

    engine: MemoryEngine
    by_network: dict[str, MemoryDatabase] = field(default_factory=dict)
    found: dict[tuple[str, str], MemoryDatabase] = field(default_factory=dict)
    """Of a project or an address: those that have names of their own, beside the application's
    one."""

    def as_application(self, at: PlacedDatabase) -> MemoryDatabase:
        return self._at(at)

    def as_owner(self, at: PlacedDatabase) -> MemoryDatabase:
        return self._at(at)

    def names(self, at: PlacedDatabase) -> list[str]:
        here = self._place(at)
        if at.container:
            self.of(here).row_counts()  # one that does not run answers nothing
        return [name for (place, name), one in self.found.items() if place == here and one.is_there]

    def make(self, place: str, name: str, content: Content, *, is_elsewhere: bool = False) -> None:
        """What the application does when a customer comes."""
        self.found[place, name] = MemoryDatabase(
            place, self.engine, content, is_elsewhere=is_elsewhere, name=name
        )

    def login_keys(self, spec: AnyDatabase) -> set[str]:
        return {key for name in _LOGIN_KEYS if (key := getattr(spec, name, None))}

    def of(self, project: str) -> MemoryDatabase:
        """Empty at first."""
        return self.by_network.setdefault(
            f"{project}_default", MemoryDatabase(project, self.engine)
        )

    def _place(self, at: PlacedDatabase) -> str:
        """The project whose container runs it, or its address."""
        if isinstance(at.spec, Database) and at.spec.client_image:
            return at.environment[str(at.spec.host_key)]
        return self.engine.containers_by_name[at.container].labels[PROJECT]

    def _at(self, at: PlacedDatabase) -> MemoryDatabase:
        if isinstance(at.spec, Database) and at.spec.database_key is None:
            place, is_elsewhere = self._place(at), not at.container
            name = at.environment[FOUND_KEY]
            missing = MemoryDatabase(
                place, self.engine, is_elsewhere=is_elsewhere, is_there=False, name=name
            )
            return self.found.setdefault((place, name), missing)
        if (
            isinstance(at.spec, Database) and at.spec.client_image
        ):  # by its address, and no container of this engine
            name = f"{self._place(at)}/{at.environment[at.spec.key_of_name]}"
            return self.by_network.setdefault(
                name, MemoryDatabase(name, self.engine, is_elsewhere=True)
            )
        return self.of(self._place(at))


@dataclass
class MemoryHistory:
    """The schema history in an image."""

    database: str
    head: str

    def inspect(self, state: SchemaState) -> SchemaChange:
        table = state.likely()
        current = table.revisions[0] if table else None
        if current and current not in [one.id for one in HISTORY if one.id <= self.head]:
            raise MigrationError(
                "reading the schema history", f"it does not know {current}", "Use a newer image"
            )
        steps = between(current, self.head)
        kind = gravest([step.kind for step in steps])
        revisions = tuple(
            Revision(step.id, f"make {step.id}", step.kind, (), step.fits) for step in steps
        )
        return SchemaChange(
            self.database,
            current,
            self.head,
            revisions,
            "",
            "",
            kind,
            tuple(fit for step in steps for fit in step.fits),
        )


@dataclass
class MemoryMigrator:
    """Moves a database in a job of its own, which goes on to its end when whoever began it is
    killed."""

    engine: MemoryEngine
    database: MemoryDatabase
    key: str
    head: str

    def current(self) -> str | None:
        return self.database.content.revision

    def upgrade(self, state: str) -> None:
        self._run("upgrade", state)

    def downgrade(self, state: str) -> None:
        self._run("downgrade", state)

    def _run(self, verb: str, revision: str) -> None:
        if revision > self.head or (self.database.content.revision or "") > self.head:
            raise MigrationError(
                f"running {verb} to {revision}",
                "this image does not know the database's revision",
                "The database was made by a newer image: use that one",
            )
        key = f"{self.key}/{verb}"
        self.engine.begin_job(key, partial(self._move, verb, revision))
        self.engine.end_job(key)

    def _move(self, verb: str, revision: str) -> None:
        """What is there stays."""
        there = self.database.content
        if there.revision != revision:
            rows = {**there.rows, "alembic_version": 1}
            rows |= {"bills": rows.get("bills", 3)}
            self.database.content = Content(revision, rows, there.misfits)
            made, gone = (revision, "") if verb == "upgrade" else ("", there.revision or "")
            self.engine.moments.change(
                f"{self.database.called} is at {revision}",
                makes=self.database.name_of(made),
                unmakes=self.database.name_of(gone),
            )


@dataclass
class MemoryMigrations:
    """The one tool of the world."""

    engine: MemoryEngine
    databases: MemoryDatabases

    def state(self, spec: Migration, database: Database, server: HistoryTables) -> SchemaState:
        return server.schema_state()

    def history(
        self,
        spec: Migration,
        database: Database,
        *,
        image: str,
        stand_ins: Mapping[str, str],
        key: str,
    ) -> MemoryHistory:
        return MemoryHistory(database.name, self.engine.version_of(image).head)

    def migrator(
        self,
        spec: Migration,
        database: Database,
        *,
        image: str,
        environment: Mapping[str, str],
        networks: tuple[str, ...],
        volumes: Mapping[str, str],
        key: str,
        server: HistoryTables,
    ) -> MemoryMigrator:
        elsewhere = f"{environment.get('DB_HOST')}/{environment.get('DB_NAME')}"
        there = next(
            found
            for name in (*networks, elsewhere)
            if (found := self.databases.by_network.get(name))
        )
        if database.database_key is None:  # one that a pattern has found, or its copy
            assert isinstance(server, MemoryDatabase)
            there = server
        return MemoryMigrator(self.engine, there, key, self.engine.version_of(image).head)
