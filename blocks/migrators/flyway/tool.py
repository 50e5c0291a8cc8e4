"""Flyway: each migration is a file of SQL, read out of the image. Its undo is no part of the free
edition, so there is no way down.

https://documentation.red-gate.com/flyway
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from blocks.migrators.command.tool import Image, Place, Tool
from tidegate.errors import MigrationError
from tidegate.schema.changes import SqlSource
from tidegate.stack.migrations import FlywayMigration

_FILE = re.compile(r"(?:.*/)?V(\d+(?:[._]\d+)*)__(.+)\.sql")
_REPEATED = re.compile(r"(?:.*/)?R__.+\.sql")
_BASELINE = "baseline:"
_QUESTION = (
    f"SELECT CASE WHEN type = 'BASELINE' THEN CONCAT('{_BASELINE}', version) ELSE version END "
    "FROM flyway_schema_history WHERE success AND version IS NOT NULL ORDER BY installed_rank"
)


def flyway(spec: FlywayMigration) -> Tool:
    folder = spec.files or f"{spec.directory.rstrip('/')}/sql"
    return Tool(
        lambda image, applied: _contents(image, folder, applied),
        _QUESTION,
        ("flyway", "migrate"),
        None,
        table="flyway_schema_history",
        named=_version,
        place=_place,
        adopt="Say once which version it has: flyway baseline -baselineVersion=VERSION",
    )


def _contents(image: Image, folder: str, applied: Sequence[str]) -> list[SqlSource]:
    files = image.folder(folder)
    if repeated := sorted(filter(_REPEATED.fullmatch, files)):
        raise MigrationError(
            image.doing,
            f"{repeated[0]} runs again whenever it has changed, which is not supported",
            "Make it a migration with a version, or use the tool `command`",
        )
    found = [(match, text) for path, text in files.items() if (match := _FILE.fullmatch(path))]
    below = max((_order(name) for name in applied if name.startswith(_BASELINE)), default=())
    sources = [
        SqlSource(_version(match[1]), match[2].replace("_", " "), text) for match, text in found
    ]
    return sorted(
        (one for one in sources if _order(one.id) > below), key=lambda one: _order(one.id)
    )


def _version(text: str) -> str:
    """`V1_02` in a file is `1.2`; so is `1.02` in the table."""
    kind, baseline, digits = text.rpartition(_BASELINE)
    return kind + baseline + ".".join(str(int(part)) for part in re.findall(r"\d+", digits))


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _place(version: str) -> Place:
    return version.rpartition(_BASELINE)[1], _order(version)
