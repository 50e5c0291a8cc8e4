"""Where a database is in its schema history, asked of its own server by Tidegate's own login."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from blocks.sql_client import Query, unhex
from tidegate.facts import RevisionTable, SchemaState

MOST_REVISIONS = 20
_TABLE, _REVISIONS, _DEFAULT, _FILLED = "table", "revisions", "default", "filled"


def schema_state(query: Query, tables: str, revisions: Callable[[int, str, str], str]) -> SchemaState:
    """`tables` gives rows of kind, schema and name, or of kind, table and column, the names in hex; `revisions` makes the
    SQL that reads one table."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for kind, schema, name in query("looking for the revision of", tables):
        found[kind].append((unhex(schema), unhex(name)))
    [(default, _)] = found[_DEFAULT]
    places = found[_REVISIONS]
    rows = query("reading the revision of", " UNION ALL ".join(
        revisions(place, *table) for place, table in enumerate(places))) if places else []
    written = [tuple(unhex(cell) for at, cell in rows if int(at) == place) for place in range(len(places))]
    return SchemaState(
        default, tuple(RevisionTable(*table, each) for table, each in zip(places, written, strict=True)),
        has_other_tables=any(table not in places for table in found[_TABLE]),
        filled=frozenset((table, column.lower()) for table, column in found[_FILLED]))
