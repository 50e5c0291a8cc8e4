"""Rails: the migrations are told from their file names; what one does is written in Ruby, so nobody
can tell its class.

https://guides.rubyonrails.org/active_record_migrations.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from blocks.migrators.command.tool import Argv, Image, Place, Tool
from tidegate.schema.changes import SqlSource
from tidegate.stack.migrations import RailsMigration

# a middle part names the engine it came from
_FILE = re.compile(r"(?:.*/)?(\d+)_(\w+?)(?:\.\w+)?\.rb")
_WHY = "it is written in Ruby, which is not looked into"


def rails(spec: RailsMigration) -> Tool:
    folder = spec.files or f"{spec.directory.rstrip('/')}/db/migrate"
    return Tool(
        lambda image, applied: _contents(image, folder),
        "SELECT version FROM schema_migrations ORDER BY version",
        ("bin/rails", "db:migrate"),
        _down,
        table="schema_migrations",
        named=_version,
        place=_place,
        adopt="Write their versions into schema_migrations, as `bin/rails db:schema:load` does",
    )


def _contents(image: Image, folder: str) -> list[SqlSource]:
    found = [match for path in image.folder(folder) if (match := _FILE.fullmatch(path))]
    return [
        SqlSource(_version(match[1]), match[2].replace("_", " "), None, why=_WHY)
        for match in sorted(found, key=lambda match: int(match[1]))
    ]


def _version(text: str) -> str:
    return str(int(text)) if text.isdigit() else text


def _place(version: str) -> Place:
    return "", int(version) if version.isdigit() else 0


def _down(undone: Sequence[str], kept: Sequence[str], _: str) -> Iterable[Argv]:
    return [("bin/rails", "db:migrate:down", f"VERSION={version}") for version in reversed(undone)]
