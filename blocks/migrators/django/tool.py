"""Django: the image's own Django lists its migrations and collects their SQL, sealed; manage.py
applies them.

https://docs.djangoproject.com/en/stable/topics/migrations/
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from blocks.migrators.command.tool import Argv, Image, Place, Tool, said
from blocks.migrators.django import probe
from tidegate.errors import MigrationError
from tidegate.schema.changes import SqlSource
from tidegate.schema.states import MOST_NAMES
from tidegate.secrecy.outside_text import one_line
from tidegate.stack.migrations import DjangoMigration

_SOURCE = Path(probe.__file__).read_text(encoding="utf-8")
# Django asks its server for its version before it writes SQL. Only the page and the class are made
# of this SQL.
_SERVER = json.dumps({"version": "8.0.36", "number": 150000})
# The interpreter that Django was installed for.
_PYTHON = """
for python in .venv/bin/python venv/bin/python python python3; do
  "$python" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("django"))' 2>/dev/null \\
    && exec "$python" "$@"
done
echo 'no Python with Django in this image' >&2; exit 127
"""
# manage.py with a limit for the wait on locks, in each connection that Django opens.
_MANAGE = """
import os, runpy, sys
from django.db.backends.signals import connection_created
seconds = int(os.environ["TIDEGATE_LOCK_TIMEOUT_SECONDS"])
limits = {"postgresql": f"SET lock_timeout = '{seconds}s'",
          "mysql": f"SET SESSION lock_wait_timeout = {seconds}, \
SESSION innodb_lock_wait_timeout = {seconds}"}
def limit(connection, **_):
    if connection.vendor in limits:
        with connection.cursor() as cursor:
            cursor.execute(limits[connection.vendor])
connection_created.connect(limit, weak=False)
sys.argv = ["manage.py", *sys.argv[1:]]
sys.path.insert(0, os.getcwd())
runpy.run_path("manage.py", run_name="__main__")
"""
_Text = Annotated[str, StringConstraints(max_length=4_000_000)]


class _Found(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: _Text
    up: _Text | None = None
    down: _Text | None = None
    why: _Text = ""
    down_why: _Text = ""


_ANSWER = TypeAdapter(Annotated[list[_Found], Field(max_length=MOST_NAMES)])


def django(_: DjangoMigration) -> Tool:
    return Tool(
        _contents,
        "SELECT CONCAT(app, '.', name) FROM django_migrations ORDER BY id",
        _manage("migrate", "--noinput"),
        _down,
        table="django_migrations",
        place=_place,
        adopt="Say once which ones it has: manage.py migrate --fake APP NAME",
    )


def _contents(image: Image, applied: Sequence[str]) -> list[SqlSource]:
    mark = f"tidegate-probe-{secrets.token_hex(16)}:"
    done = json.dumps([name.split(".", 1) for name in applied])
    source = _SOURCE.replace(f'"{probe.MARK}"', f'"{mark}"', 1).encode()
    outcome = image.ask(_python("-", done, _SERVER), source)
    answers = [line for line in outcome.stdout.split("\n") if line.startswith(mark)]
    if len(answers) != 1:
        raise _nonsense(image, f"it answered {len(answers)} times: {said(outcome)}")
    try:
        found = _ANSWER.validate_json(answers[0][len(mark) :])
    except ValidationError as error:
        raise _nonsense(image, f"its answer has {error.error_count()} faults") from None
    return [
        SqlSource(one.id, "", one.up, one.down, one_line(one.why), one_line(one.down_why))
        for one in found
    ]


def _nonsense(image: Image, what: str) -> MigrationError:
    return MigrationError(
        image.doing, what, "Look into the image: something there answers in Django's place"
    )


def _down(undone: Sequence[str], kept: Sequence[str], _: str) -> Iterable[Argv]:
    """Each app to the last of its migrations that stays: what depends on those that go is undone
    with them."""
    apps = dict.fromkeys(_place(name)[0] for name in reversed(undone))
    last = dict(map(_place, kept))
    return [_manage("migrate", "--noinput", app, last.get(app, "zero")) for app in apps]


def _place(name: str) -> Place:
    app, _, own = name.partition(".")
    return app, own


def _manage(*words: str) -> Argv:
    return _python("-c", _MANAGE, *words)


def _python(*arguments: str) -> Argv:
    return ("sh", "-c", _PYTHON, "sh", *arguments)
