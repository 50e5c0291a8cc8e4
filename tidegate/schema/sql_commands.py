"""Statements that sqlglot does not take apart: those that are known, and whether old code minds
them."""

from __future__ import annotations

import re

from tidegate.schema.migration_sql import Engine, Statement

_WORD = r'(?:\w+|"[^"]+"|`[^`]+`)'
_NAME = rf"{_WORD}(?:\.{_WORD})?"
_TEXT = r"'(?:[^'\\]|'')*'"
_REST = "[^/;$]*"  # no comment in which more may stand
_HARMLESS, _BREAKS = False, True
_COMMANDS: dict[Engine, tuple[tuple[str, bool], ...]] = {
    "mysql": (
        (
            rf"(?:UN)?LOCK\s+TABLES\b{_REST}|(?:OPTIMIZE|CHECK|REPAIR)\s+"
            rf"(?:LOCAL\s+)?TABLE\b{_REST}",
            _HARMLESS,
        ),
        (rf"RENAME\s+TABLE\s+{_NAME}\s+TO\s+{_NAME}", _BREAKS),
        (
            rf"ALTER\s+TABLE\s+{_NAME}\s+(?:FORCE|RENAME\s+(?:INDEX|KEY)\s+{_WORD}\s+TO\s+{_WORD})",
            _HARMLESS,
        ),
        (rf"CREATE\s+(?:FULLTEXT|SPATIAL)\s+INDEX\s+{_WORD}\s+ON\s+{_NAME}\s*\({_REST}", _HARMLESS),
    ),
    "postgresql": (
        (rf"(?:VACUUM|REINDEX|CLUSTER|LOCK)\b{_REST}", _HARMLESS),
        (rf"REFRESH\s+MATERIALIZED\s+VIEW\s+(?:CONCURRENTLY\s+)?{_NAME}{_REST}", _HARMLESS),
        (rf"CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?{_WORD}{_REST}", _HARMLESS),
        (
            rf"ALTER\s+TYPE\s+{_NAME}\s+ADD\s+VALUE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_TEXT}"
            rf"(?:\s+(?:BEFORE|AFTER)\s+{_TEXT})?",
            _HARMLESS,
        ),
        (
            rf"ALTER\s+TYPE\s+{_NAME}\s+RENAME\s+(?:VALUE\s+{_TEXT}\s+TO\s+{_TEXT}|TO\s+{_WORD})",
            _BREAKS,
        ),
        (rf"ALTER\s+TABLE\s+{_NAME}\s+RENAME\s+(?:COLUMN\s+)?{_WORD}\s+TO\s+{_WORD}", _BREAKS),
        (
            rf"ALTER\s+INDEX\s+{_NAME}\s+RENAME\s+TO\s+{_WORD}|"
            rf"CREATE\s+(?:FUNCTION|PROCEDURE)\s+{_NAME}\s*\(.*",
            _HARMLESS,
        ),
        (
            rf"ALTER\s+TABLE\s+{_NAME}\s+(?:VALIDATE\s+CONSTRAINT\s+{_WORD}|"
            rf"(?:RE)?SET\s*\({_REST}|REPLICA\s+IDENTITY\s+\w+)",
            _HARMLESS,
        ),
        (
            rf"ALTER\s+TABLE\s+{_NAME}\s+ALTER\s+(?:COLUMN\s+)?{_WORD}\s+SET\s+"
            r"(?:STATISTICS|STORAGE)\s+\w+",
            _HARMLESS,
        ),
        (rf"CREATE\s+DOMAIN\s+{_NAME}\s{_REST}", _HARMLESS),
        (rf"ALTER\s+TABLE\s+{_NAME}\s+ADD\s+CONSTRAINT\s+{_WORD}\s+EXCLUDE\s{_REST}", _BREAKS),
        (rf"ALTER\s+TABLE\s+{_NAME}\s+(?:EN|DIS)ABLE\s+ROW\s+LEVEL\s+SECURITY", _BREAKS),
        (rf"ALTER\s+TABLE\s+{_NAME}\s+SET\s+SCHEMA\s+{_WORD}", _BREAKS),
        (rf"ALTER\s+SEQUENCE\s+{_NAME}\s+OWNED\s+BY\s+{_NAME}(?:\.{_WORD})?", _HARMLESS),
        (rf"DROP\s+EXTENSION\s+(?:IF\s+EXISTS\s+)?{_WORD}", _BREAKS),
    ),
}


def breaks_old_code(statement: Statement, engine: Engine) -> bool | None:
    """Whether it does; None of a statement that is not known."""
    for pattern, breaks in _COMMANDS[engine] if statement.is_one else ():
        if re.fullmatch(pattern, statement.text.strip(), re.I | re.S):
            return breaks
    return None
