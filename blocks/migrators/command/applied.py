"""What a tool has written down in a database, asked of the database by Tidegate's own login."""

from __future__ import annotations

from dataclasses import replace

from blocks.migrators.command.tool import Tool
from tidegate.errors import MigrationError
from tidegate.facts import RevisionTable, SchemaState
from tidegate.schema.migration_sql import Engine
from tidegate.schema.ports import HistoryTables
from tidegate.schema.states import MOST_NAMES, is_name

_DOING = "asking the database for its migrations"
_HERE = {
    "mysql": "table_schema = DATABASE()",
    "postgresql": "table_schema = ANY (current_schemas(false))",
}


def state(tool: Tool, server: HistoryTables, engine: Engine) -> SchemaState:
    """The tables of a database, and the names of what was applied as those of the one table of its
    history."""
    found = server.schema_state()
    names = applied(tool, server, engine)
    table = RevisionTable(found.default_schema, tool.table, names)
    return replace(
        found, revision_tables=(table,) if names else (), has_other_tables=_has_tables(found)
    )


def applied(tool: Tool, server: HistoryTables, engine: Engine) -> tuple[str, ...]:
    """In the order in which they were. Raises MigrationError for what is no name."""
    if not _is_there(tool, server, engine):
        return ()
    names = server.names(tool.question)
    if len(names) > MOST_NAMES or not all(map(is_name, names)):
        raise MigrationError(
            _DOING,
            f"{len(names)} rows came back, and not each is one name without a blank",
            "Let `state` ask for names alone, one a row"
            if not tool.table
            else f"Look into {tool.table}",
        )
    return tuple(map(tool.named, names))


def _is_there(tool: Tool, server: HistoryTables, engine: Engine) -> bool:
    """The tool's own table. Of a team's question nobody knows the table: it is asked where there is
    any."""
    if not tool.table:
        return _has_tables(server.schema_state())
    return bool(
        server.names(
            f"SELECT table_name FROM information_schema.tables WHERE table_name = '{tool.table}' "
            f"AND {_HERE[engine]}"
        )
    )


def _has_tables(state: SchemaState) -> bool:
    return state.has_other_tables or bool(state.revision_tables)
