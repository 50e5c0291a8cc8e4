"""What a piece of SQL in a migration does to a schema and its data, told from its leading words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from tidegate.facts import MigrationClass
from tidegate.outside_text import one_line

Effect = tuple[MigrationClass, str]
"""A class and the reason for it."""

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_NAME = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?([`\"\w.]+)"
_HARMLESS = re.compile(r"(SELECT|SHOW|SET|ANALYZE|EXPLAIN|DESCRIBE|COMMENT|LOCK|UNLOCK)\b", re.I)
_NEW = re.compile(r"CREATE\s+(TABLE|INDEX|VIEW|SEQUENCE|TYPE|SCHEMA|EXTENSION|DATABASE)\b", re.I)
_LOSES = re.compile(rf"(UPDATE|DELETE\s+FROM|DELETE|TRUNCATE(?:\s+TABLE)?|REPLACE(?:\s+INTO)?|MERGE\s+INTO|"
                    rf"DROP\s+(?:TABLE|SCHEMA|DATABASE))\s+{_NAME}", re.I)
_INSERT = re.compile(rf"INSERT\s+(?:IGNORE\s+)?INTO\s+{_NAME}", re.I)
_ALTER = re.compile(rf"ALTER\s+TABLE\s+{_NAME}\s+(.*)", re.I | re.DOTALL)
_CHANGES = re.compile(r"(CREATE\s+(?:OR\s+REPLACE|UNIQUE\s+INDEX|TRIGGER|PROCEDURE|FUNCTION|EVENT)|"
                      r"DROP\s+(?:INDEX|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT)|RENAME\s+TABLE|GRANT|REVOKE)\b", re.I)
_DROPS_COLUMN = re.compile(
    r"\bDROP\s+(?!INDEX|KEY|CONSTRAINT|FOREIGN|PRIMARY|CHECK|DEFAULT|NOT\b)(?:COLUMN\s+)?(?:IF\s+EXISTS\s+)?"
    r"([`\"\w]+)", re.I)
_ADDS_ONLY = re.compile(r"ADD\s+(?:COLUMN\s+)?(?!CONSTRAINT|UNIQUE|PRIMARY|FOREIGN|CHECK|INDEX|KEY)", re.I)


def effects(sql: str, new_tables: Set[str] = frozenset()) -> list[Effect]:
    """One effect per statement. `new_tables` were made by the same revision: no old code knows them."""
    return [_effect(statement, new_tables) for statement in _statements(sql)]


def _statements(sql: str) -> Iterator[str]:
    for part in _COMMENT.sub(" ", sql).split(";"):
        if part.strip():
            yield part.strip()


def _effect(statement: str, new_tables: Set[str]) -> Effect:
    if found := _LOSES.match(statement):
        return ("additive" if _plain(found[2]) in new_tables else "lossy"), f"{_words(found[1])} {_plain(found[2])}"
    if found := _INSERT.match(statement):
        return _insert(statement, _plain(found[1]), new_tables)
    if found := _ALTER.match(statement):
        return _alter(_plain(found[1]), found[2], new_tables)
    if found := _CHANGES.match(statement):
        return "needs downgrade", _short(statement)
    if _HARMLESS.match(statement) or _NEW.match(statement):
        return "additive", _short(statement)
    return "lossy", f"runs SQL that is not understood: {_short(statement)}"


def _insert(statement: str, table: str, new_tables: Set[str]) -> Effect:
    if table in new_tables:
        return "additive", f"inserts into the new table {table}"
    if re.search(r"ON\s+(DUPLICATE\s+KEY|CONFLICT\b.*\bDO)\s+UPDATE", statement, re.I | re.DOTALL):
        return "lossy", f"overwrites rows of {table}"
    return "needs downgrade", f"inserts into {table}"


def _alter(table: str, change: str, new_tables: Set[str]) -> Effect:
    if table in new_tables:
        return "additive", f"alters the new table {table}"
    if dropped := _DROPS_COLUMN.search(change):
        return "lossy", f"drops column {table}.{_plain(dropped[1])}"
    strict = re.search(r"\bNOT\s+NULL\b", change, re.I) and not re.search(r"\bDEFAULT\b", change, re.I)
    if _ADDS_ONLY.match(change) and not strict and not re.search(r",\s*(?!ADD\b)[A-Z]+\s", change):
        return "additive", f"adds a column to {table}"
    return "needs downgrade", f"alters {table}: {_short(change)}"


def _plain(name: str) -> str:
    return name.replace("`", "").replace('"', "").lower()


def _words(text: str) -> str:
    return " ".join(text.lower().split())


def _short(text: str) -> str:
    return one_line(text, 60)
