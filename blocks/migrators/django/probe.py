"""Runs INSIDE an application's image, sealed, sent in by stdin: asks the image's own Django for its
migrations.

`python - APPLIED SERVER`: names of what the real database has, and facts of its server, both as
JSON. Prints one line of JSON. No database is spoken to: Django's own `sqlmigrate` would log in only
to learn what comes in here. Never imported there from Tidegate, and it must run on whatever Python
3.8 or newer the image has.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from typing import Any

MARK = "tidegate-probe:"
"""Begins the answer; replaced by a new one in each container."""


def settings() -> None:
    """As manage.py chooses them: it is run with a command that does nothing."""
    import django
    from django.core import management

    management.execute_from_command_line = lambda *_: None
    sys.argv = ["manage.py"]
    runpy.run_path("manage.py", run_name="__main__")
    django.setup()


class NoDatabase:
    """In the place of a cursor: whatever asks the database cannot be told here."""

    def __enter__(self) -> Any:
        raise LookupError("it asks the database for the names of its constraints or rows")

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""


def connection(server: dict[str, Any]) -> Any:
    """One that knows its server without having spoken to it, and quotes what Django quotes by the
    server's own client."""
    from django.db import connections

    made = connections["default"]
    made.cursor = NoDatabase
    made.ops.compose_sql = lambda sql, values: sql % tuple(map(quoted, values)) if values else sql
    if made.vendor == "mysql":
        made.introspection.get_storage_engine = lambda *_: "InnoDB"
        made.__dict__["mysql_server_data"] = {
            "version": server["version"],
            "sql_mode": "STRICT_TRANS_TABLES",
            "default_storage_engine": "InnoDB",
            "sql_auto_is_null": False,
            "lower_case_table_names": 0,
            "has_zoneinfo_database": True,
        }
    if made.vendor == "postgresql":
        made.__dict__["pg_version"] = server["number"]
    return made


def quoted(value: Any) -> str:
    """A value as SQL, for people and for the class: nothing runs it."""
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int, float)):
        return str(value).upper()
    return "'" + str(value).replace("'", "''") + "'"


def history(made: Any, applied: list[list[str]]) -> list[dict[str, Any]]:
    """All migrations, in the order in which Django would apply them, with the SQL of those that are
    pending."""
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder
    from django.db.migrations.state import ProjectState

    done = {tuple(one): None for one in applied}
    MigrationRecorder.applied_migrations = lambda _: done
    loader = MigrationLoader(made, ignore_no_migrations=True)
    if conflicts := loader.detect_conflicts():
        raise SystemExit(
            f"two migrations of one app are both the last: {conflicts}; run makemigrations --merge"
        )
    order: list[Any] = []
    for leaf in sorted(loader.graph.leaf_nodes()):
        order += [key for key in loader.graph.forwards_plan(leaf) if key not in order]
    state, found = ProjectState(real_apps=loader.unmigrated_apps), []
    for key in order:
        migration = loader.graph.nodes[key]
        before = state.clone()
        state = migration.mutate_state(state, preserve=True)
        sql = {} if key in done or _is_squashed(migration, done) else _sql(made, migration, before)
        found.append({"id": ".".join(key), **sql})
    return found


def _is_squashed(migration: Any, done: Any) -> bool:
    """Whether Django only writes its name down, because all that it replaces was applied."""
    return bool(migration.replaces) and all(tuple(one) in done for one in migration.replaces)


def _sql(made: Any, migration: Any, before: Any) -> dict[str, Any]:
    odd = [
        type(one).__name__
        for one in migration.operations
        if not getattr(one, "reduces_to_sql", True)
    ]
    if odd:
        return {"why": f"it has {odd[0]}, which is not SQL"}
    try:
        up = _collected(made, migration, before, "apply")
    except Exception as error:
        return {"why": _untold(error)}
    try:
        return {"up": up, "down": _collected(made, migration, before, "unapply")}
    except Exception as error:
        return {
            "up": up,
            "down_why": "" if type(error).__name__ == "IrreversibleError" else _untold(error),
        }


def _untold(error: Exception) -> str:
    return f"its SQL cannot be told without a database: {error}"


def _collected(made: Any, migration: Any, before: Any, direction: str) -> str:
    """What `sqlmigrate` prints. The editor's `with` would log in to begin a transaction."""
    editor = made.schema_editor(collect_sql=True, atomic=True)
    editor.deferred_sql, editor.atomic_migration, editor.quote_value = [], True, quoted
    getattr(migration, direction)(before.clone(), editor, collect_sql=True)
    for sql in editor.deferred_sql:
        editor.execute(sql)
    return "\n".join(editor.collected_sql)


def main(applied: str, server: str) -> int:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the image's code prints must not mix with the answer
    settings()
    print(
        MARK + json.dumps(history(connection(json.loads(server)), json.loads(applied))),
        file=answers,
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    raise SystemExit(main(*sys.argv[1:3]))
