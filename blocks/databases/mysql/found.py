"""What a MySQL or MariaDB server shows of a database and of those beside it, in one look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blocks.databases.mysql.questions import literal, written
from blocks.databases.mysql.users import STAND_IN, with_users
from blocks.databases.sql_client import Beside, Query, quoted, unhex

WHOLE = "tidegate_code"
"""A table in the new database, once that is whole: what stands on the tables, as SQL.

It is run after the move."""
OUT = "tidegate_out"
"""A table in the old database, once everything has moved there."""
_NO_CODE = _TABLE, _STAND_IN, _SESSION, _SCHEMA, _PACKET, _KEPT = (
    "a table",
    "a stand-in",
    "a session",
    "a schema",
    "a packet",
    "kept code",
)
_IN_SCHEMA = f"""SELECT '{_TABLE}', HEX(table_schema), HEX(table_name)
  FROM information_schema.tables
  WHERE table_schema = {{schema}} AND table_type NOT LIKE '%VIEW'
UNION ALL SELECT '{_STAND_IN}', HEX(table_schema), HEX(table_name) FROM information_schema.tables
  WHERE table_schema = {{schema}} AND table_type = 'SEQUENCE' AND table_comment = '{STAND_IN}'
UNION ALL SELECT '{_SESSION}', HEX(db), HEX(CAST(id AS CHAR))
  FROM information_schema.processlist WHERE db = {{schema}}
UNION ALL SELECT '{_SCHEMA}', HEX(schema_name),
    HEX(CONCAT('CHARACTER SET ', default_character_set_name, ' COLLATE ', default_collation_name))
  FROM information_schema.schemata WHERE schema_name = {{schema}}
UNION ALL SELECT 'TRIGGER', HEX(trigger_schema), HEX(trigger_name) FROM information_schema.triggers
  WHERE trigger_schema = {{schema}}
UNION ALL SELECT 'EVENT', HEX(event_schema), HEX(event_name)
  FROM information_schema.events WHERE event_schema = {{schema}}
UNION ALL SELECT 'VIEW', HEX(table_schema), HEX(table_name)
  FROM information_schema.views WHERE table_schema = {{schema}}
UNION ALL SELECT routine_type, HEX(routine_schema), HEX(routine_name)
  FROM information_schema.routines WHERE routine_schema = {{schema}}"""


@dataclass(frozen=True)
class Found:
    """Marks, names, sessions and settings. `rows` are of kind, schema and name."""

    names: Beside
    rows: Sequence[tuple[str, str, str]]
    users: Sequence[str]
    """Of the server, where the login may see them."""

    @property
    def is_whole(self) -> bool:
        """Whether a copy stands beside, restored to its end."""
        return WHOLE in self._of(_TABLE, self.names.new)

    @property
    def is_out(self) -> bool:
        """Whether everything that was in use has moved out."""
        return OUT in self._of(_TABLE, self.names.old)

    @property
    def is_moving(self) -> bool:
        """Whether a swap was begun: with the making of the old database."""
        return self.is_whole and self._is_there(self.names.old)

    @property
    def was_swapped(self) -> bool:
        return self._is_there(self.names.old) and not self._is_there(self.names.new)

    @property
    def packet(self) -> int:
        """Bytes that the server takes of one statement."""
        return int(self._of(_PACKET, "")[0])

    @property
    def kept_code(self) -> str:
        """What stands on the tables of a copy that is whole, as SQL."""
        return self._of(_KEPT, "")[0]

    @property
    def charset(self) -> str:
        """How a database like the one in use is made; as the server makes them, where there is
        none."""
        return next(iter(self._of(_SCHEMA, self.names.database)), "")

    @property
    def stand_ins(self) -> list[str]:
        """Sequences that stand in the database only because a table of a copy names them."""
        return self._of(_STAND_IN, self.names.database)

    @property
    def sessions(self) -> list[str]:
        """In the databases beside."""
        return self._of(_SESSION, self.names.new) + self._of(_SESSION, self.names.old)

    def tables(self, schema: str) -> list[str]:
        """All that holds rows, but for our marks."""
        return [name for name in self._of(_TABLE, schema) if name not in (WHOLE, OUT)]

    def code(self, schema: str) -> list[tuple[str, str]]:
        """Kind and name of each thing that stands on the tables."""
        return [
            (kind, name)
            for kind, where, name in self.rows
            if where == schema and kind not in _NO_CODE
        ]

    def _is_there(self, schema: str) -> bool:
        return bool(self._of(_SCHEMA, schema))

    def _of(self, kind: str, schema: str) -> list[str]:
        return [name for each, where, name in self.rows if (each, where) == (kind, schema)]


def look(query: Query, names: Beside) -> Found:
    """Ask for all of it in one question. Raises DatabaseError."""
    seen = with_users(query, "looking for a copy of", _question(names))
    rows = [(kind, unhex(schema), unhex(name)) for kind, schema, name in seen.rows]
    return Found(names, rows, seen.users)


def _question(names: Beside) -> str:
    schemas = [
        _IN_SCHEMA.format(schema=literal(schema))
        for schema in (names.database, names.new, names.old)
    ]
    packet = f"SELECT '{_PACKET}', '', HEX(CAST(@@GLOBAL.max_allowed_packet AS CHAR))"
    kept = f"SELECT '{_KEPT}', '', HEX(body) FROM {name_in(names.new, WHOLE)}"
    return "; ".join(
        [
            *schemas,
            packet,
            written(
                f"SELECT IF(COUNT(*), {literal(kept)}, NULL) FROM information_schema.tables "
                f"WHERE table_schema = {literal(names.new)} AND table_name = '{WHOLE}'"
            ),
        ]
    )


def name_in(schema: str, name: str) -> str:
    return f"{quoted(schema, '`')}.{quoted(name, '`')}"
