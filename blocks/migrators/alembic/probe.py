"""Runs INSIDE an application's image, sent in by stdin: asks the image's own Alembic, prints one
line of JSON.

`python - inspect TABLES`, `python - current`, `python - upgrade REVISION`, `python - downgrade
REVISION`. Never imported there from Tidegate, and it must run on whatever Python 3.8 or newer the
image has. `inspect` needs no database: what is written in the real one comes in as TABLES.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine

MARK = "tidegate-probe:"
"""Begins the answer; replaced by a new one in each container."""
_ran: list[str] = []
"""Statements since the last revision was written down: on MySQL these stay when a later one
fails."""


def state(config: Config) -> dict[str, Any]:
    """The revisions as the database has them."""
    found: dict[str, Any] = {}

    def look(_: Any, context: Any) -> list[Any]:
        found["current"] = list(context.get_current_heads())
        return []

    script = ScriptDirectory.from_config(config)
    # or it makes the version table
    with EnvironmentContext(config, script, fn=look, dont_mutate=True):
        script.run_env()
    return found


def inspect(config: Config, tables: dict[str, Any]) -> dict[str, Any]:
    """The history of this image, seen from where the database is; nothing here speaks to a
    database."""
    script = ScriptDirectory.from_config(config)
    table = _version_table(config, script, tables)
    current = list(table[2]) if table else []
    known = {revision.revision for revision in script.walk_revisions()}
    found: dict[str, Any] = {
        "heads": list(script.get_heads()),
        "table": table[:2] if table else None,
        "unknown": [revision for revision in current if revision not in known],
    }
    if len(found["heads"]) == 1 and not found["unknown"] and len(current) < 2:
        found.update(_way(config, script, (current or ["base"])[0], found["heads"][0]))
    return found


def _way(config: Config, script: ScriptDirectory, current: str, head: str) -> dict[str, Any]:
    pending = reversed(list(script.iterate_revisions(head, current)))
    return {
        "pending": [_revision(each) for each in pending],
        "upgrade_sql": _offline(config, command.upgrade, f"{current}:{head}", head == current),
        "downgrade_sql": _offline(config, command.downgrade, f"{head}:{current}", head == current),
    }


def _version_table(config: Config, script: ScriptDirectory, tables: dict[str, Any]) -> Any:
    """Of the tables that are there, the one that env.py names; the likely one where it cannot run
    offline."""
    named: dict[str, Any] = {}

    def look(_: Any, context: Any) -> list[Any]:
        named["table"] = context.version_table
        named["schema"] = context.version_table_schema or tables["default"]
        return []

    config.output_buffer = io.StringIO()
    with (
        contextlib.suppress(BaseException),
        EnvironmentContext(config, script, fn=look, as_sql=True),
    ):
        script.run_env()
    if not named:
        return tables["likely"]
    return next(
        (each for each in tables["all"] if each[:2] == [named["schema"], named["table"]]), None
    )


def _revision(revision: Any) -> dict[str, Any]:
    try:
        with open(revision.path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        text = None
    return {"id": revision.revision, "message": revision.doc or "", "text": text}


def _offline(config: Config, move: Any, span: str, nothing: bool) -> dict[str, str]:
    """The SQL that Alembic would run, or why it cannot tell."""
    if nothing:
        return {"sql": ""}
    config.output_buffer = io.StringIO()
    try:
        move(config, span, sql=True)
    except BaseException as error:  # an env.py may end the process, too
        return {"reason": f"{type(error).__name__}: {error}"}
    return {"sql": config.output_buffer.getvalue()}


def change(config: Config, move: Any, revision: str) -> dict[str, Any]:
    try:
        move(config, revision)
    except Exception as error:
        return {"fault": _fault(error), **state(config)}
    return state(config)


def _fault(error: Exception) -> dict[str, Any]:
    text = str(getattr(error, "orig", None) or error)
    failing = getattr(error, "statement", None)
    return {
        "error": f"{type(error).__name__}: {text}",
        "statement": failing,
        "before": [each for each in _ran if each != failing],
    }


def _connect(seconds: int, is_strict: bool) -> Any:
    """With `is_strict`, what would cut a value fails instead: a way back that loses data silently
    is none."""
    strict = ", SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')" if is_strict else ""
    mysql = (
        f"SET SESSION lock_wait_timeout = {seconds}, "
        f"SESSION innodb_lock_wait_timeout = {seconds}{strict}"
    )

    def connect(dialect: Any, _: Any, arguments: Any, options: Any) -> Any:
        connection = dialect.connect(*arguments, **options)
        wanted = {
            "mysql": mysql,
            "mariadb": mysql,
            "postgresql": f"SET lock_timeout = '{seconds}s'",
        }.get(dialect.name)
        if wanted:
            cursor = connection.cursor()
            cursor.execute(wanted)
            cursor.close()
            connection.commit()
        return connection

    return connect


def _remember(_: Any, __: Any, statement: str, *___: Any) -> None:
    word = statement.split(None, 1)[0].upper() if statement.strip() else ""
    if word in ("SELECT", "SHOW", "SET", "DESCRIBE"):
        return
    if "alembic_version" in statement:
        _ran.clear()
    else:
        _ran.append(statement)


def main(verb: str, argument: str) -> int:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the image's code prints must not mix with the answer
    config = Config("alembic.ini")
    event.listen(
        Engine,
        "do_connect",
        _connect(
            int(os.environ.get("TIDEGATE_LOCK_TIMEOUT_SECONDS", "10")),
            is_strict=verb == "downgrade",
        ),
    )
    event.listen(Engine, "before_cursor_execute", _remember)
    actions = {
        "inspect": lambda: inspect(config, json.loads(argument)),
        "current": lambda: state(config),
        "upgrade": lambda: change(config, command.upgrade, argument),
        "downgrade": lambda: change(config, command.downgrade, argument),
    }
    try:
        answer = actions[verb]()
    except Exception as error:
        answer = {"fault": _fault(error)}
    print(MARK + json.dumps(answer), file=answers, flush=True)
    return 1 if "fault" in answer else 0


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    raise SystemExit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
