"""Prisma: each migration is a folder with its SQL, read out of the image. There is no way down.

https://www.prisma.io/docs/orm/prisma-migrate
"""

from __future__ import annotations

import re

from blocks.migrators.command.tool import Image, Place, Tool
from tidegate.schema.changes import SqlSource
from tidegate.stack.migrations import PrismaMigration

_FILE = re.compile(r"([^/]+)/migration\.sql")
_QUESTION = (
    "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL "
    "AND rolled_back_at IS NULL ORDER BY started_at, migration_name"
)


def prisma(spec: PrismaMigration) -> Tool:
    folder = spec.files or f"{spec.directory.rstrip('/')}/prisma/migrations"
    return Tool(
        lambda image, applied: _contents(image, folder),
        _QUESTION,
        ("npx", "--no-install", "prisma", "migrate", "deploy"),
        None,
        table="_prisma_migrations",
        place=_place,
        adopt="Say once which ones it has: npx prisma migrate resolve --applied NAME",
    )


def _contents(image: Image, folder: str) -> list[SqlSource]:
    found = {
        match[1]: text
        for path, text in image.folder(folder).items()
        if (match := _FILE.fullmatch(path))
    }
    return [SqlSource(name, "", found[name]) for name in sorted(found)]


def _place(name: str) -> Place:
    return "", name
