"""Runs INSIDE an application's image, sent in by stdin: asks the image's own Alembic, prints one line of JSON.

`python - inspect`, `python - current`, `python - upgrade REVISION`, `python - downgrade REVISION`. Never imported there
from Tidegate, and it must run on whatever Python 3.8 or newer the image has.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine

MARK = "tidegate-probe:"
_ran: list[str] = []
"""Statements since the last revision was written down: on MySQL these stay when a later one fails."""


def state(config: Config) -> dict[str, Any]:
    """What the database holds: its revisions as written there, and whether other tables exist."""
    found: dict[str, Any] = {}

    def look(_: Any, context: Any) -> list[Any]:
        found["current"] = list(context.get_current_heads())
        names = sqlalchemy.inspect(context.connection).get_table_names()
        found["tables"] = any(name != context.version_table for name in names)
        return []

    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(config, script, fn=look, dont_mutate=True):   # or it makes the version table
        script.run_env()
    return found


def inspect(config: Config) -> dict[str, Any]:
    script = ScriptDirectory.from_config(config)
    found = {"heads": list(script.get_heads()), **state(config)}
    known = {revision.revision for revision in script.walk_revisions()}
    found["unknown"] = [revision for revision in found["current"] if revision not in known]
    if len(found["heads"]) == 1 and not found["unknown"] and len(found["current"]) < 2:
        head, current = found["heads"][0], (found["current"] or ["base"])[0]
        found["pending"] = [_revision(each) for each in reversed(list(script.iterate_revisions(head, current)))]
        found["upgrade_sql"] = _offline(config, command.upgrade, f"{current}:{head}", head == current)
        found["downgrade_sql"] = _offline(config, command.downgrade, f"{head}:{current}", head == current)
    return found


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
    except Exception as error:
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
    return {"error": f"{type(error).__name__}: {text}", "statement": failing,
            "before": [each for each in _ran if each != failing]}


def _connect(seconds: int) -> Any:
    def connect(dialect: Any, _: Any, arguments: Any, options: Any) -> Any:
        connection = dialect.connect(*arguments, **options)
        wanted = {"mysql": f"SET SESSION lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}",
                  "mariadb": f"SET SESSION lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}",
                  "postgresql": f"SET lock_timeout = '{seconds}s'"}.get(dialect.name)
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


def main(verb: str, revision: str) -> int:
    config = Config("alembic.ini")
    event.listen(Engine, "do_connect", _connect(int(os.environ.get("TIDEGATE_LOCK_TIMEOUT_SECONDS", "10"))))
    event.listen(Engine, "before_cursor_execute", _remember)
    actions = {"inspect": lambda: inspect(config), "current": lambda: state(config),
               "upgrade": lambda: change(config, command.upgrade, revision),
               "downgrade": lambda: change(config, command.downgrade, revision)}
    with contextlib.redirect_stdout(sys.stderr):   # what an env.py prints must not mix with the answer
        try:
            answer = actions[verb]()
        except Exception as error:
            answer = {"fault": _fault(error)}
    print(MARK + json.dumps(answer))
    return 1 if "fault" in answer else 0


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    raise SystemExit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
