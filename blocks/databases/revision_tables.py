"""Where a database is in its schema history, asked of its own server by Tidegate's own login."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from blocks.databases.sql_client import unhex
from tidegate.facts import RevisionTable, SchemaState

MOST_REVISIONS = 20
_TABLE, _REVISIONS, _WRITTEN, _DEFAULT, _FILLED = (
    "table",
    "revisions",
    "written",
    "default",
    "filled",
)


def schema_state(rows: Sequence[Sequence[str]]) -> SchemaState:
    """Of rows of kind, schema and name; or kind, table and column; or kind, schema, name and
    revision: in hex, but the kind."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for kind, *names in rows:
        found[kind].append(tuple(map(unhex, names)))
    [(default, _)] = found[_DEFAULT]
    places = found[_REVISIONS]
    written = {
        place: tuple(revision for *table, revision in found[_WRITTEN] if tuple(table) == place)
        for place in places
    }
    return SchemaState(
        default,
        tuple(RevisionTable(schema, name, written[schema, name]) for schema, name in places),
        has_other_tables=any(table not in places for table in found[_TABLE]),
        filled=frozenset((table, column.lower()) for table, column in found[_FILLED]),
    )
