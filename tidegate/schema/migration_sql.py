"""The SQL of a migration as sqlglot's trees, one for each statement. The text is foreign: what is
too long, too deep or not understood comes back without a tree, soon and without an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlglot import exp
from sqlglot.dialects import MySQL, Postgres
from sqlglot.parser import Parser
from sqlglot.parsers.mysql import MySQLParser
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import Token, TokenType

Engine = Literal["mysql", "postgresql"]
MOST_TEXT = 100_000
"""Characters of one text: seeds of this size belong into a data migration that a person looks
at."""
MOST_IN_ALL = 400_000
"""Characters of all texts of a release."""
MOST_DEPTH = 30
"""Brackets inside brackets."""
_STEPS_PER_TOKEN = 40
"""The parser tries and goes back; plain SQL takes one or two steps a token."""
_RUN_BY_THE_SERVER = re.compile(r"/\*M?!")  # https://mariadb.com/kb/en/comment-syntax/
_DIALECTS = {"mysql": MySQL, "postgresql": Postgres}


class TooMuchError(Exception):
    """The parser goes back and forth without an end."""


class _Bounded(Parser):
    """Counts its steps, and writes no foreign SQL into a log."""

    _steps = 0

    def _advance(self, times: int = 1) -> None:
        self._steps += 1
        if self._steps > _STEPS_PER_TOKEN * (len(self._tokens) + 10):
            raise TooMuchError
        super()._advance(times)

    def _warn_unsupported(self) -> None:
        """A statement that it does not take apart becomes a `Command`, which is looked at by its
        text."""


class _MySQLParser(_Bounded, MySQLParser):
    pass


class _PostgresParser(_Bounded, PostgresParser):
    pass


_PARSERS: dict[Engine, type[Parser]] = {"mysql": _MySQLParser, "postgresql": _PostgresParser}


@dataclass(frozen=True)
class Statement:
    """One statement: its text, and its tree where it is understood."""

    text: str
    tree: exp.Expression | None
    is_one: bool = True
    """Whether `text` is known to be one statement, and all that the server takes for one."""


@dataclass
class SqlReader:
    """Reads the SQL of one release, `left` characters at most."""

    engine: Engine
    left: int = MOST_IN_ALL

    def statements(self, sql: str) -> Iterator[Statement]:
        """In their order. What a comment says to the server of MySQL is not looked into."""
        self.left -= len(sql)
        if self.left < 0 or len(sql) > MOST_TEXT:
            yield Statement(
                f"({len(sql)} characters, which is too long to be looked into)", None, is_one=False
            )
        elif self.engine == "mysql" and _RUN_BY_THE_SERVER.search(sql):
            yield Statement(sql, None, is_one=False)
        else:
            yield from self._split(sql)

    def _split(self, sql: str) -> Iterator[Statement]:
        try:
            tokens = _DIALECTS[self.engine]().tokenize(sql)
        except Exception:
            yield Statement(sql, None, is_one=False)
            return
        for part in _parts(tokens):
            text = sql[part[0].start : part[-1].end + 1]
            part = _without_ways(part) if self.engine == "mysql" else part
            yield Statement(text, None if _is_deep(part) else self._tree(part, sql))

    def _tree(self, tokens: list[Token], sql: str) -> exp.Expression | None:
        parser: Any = _PARSERS[self.engine](dialect=_DIALECTS[self.engine]())
        try:
            [tree] = parser.parse(tokens, sql)
        # Of foreign text it raises TypeError and others, too: what it cannot take apart is not
        # understood.
        except Exception:
            return None
        return tree if isinstance(tree, exp.Expression) else None


def _parts(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token in tokens:
        if token.token_type is not TokenType.SEMICOLON:
            part.append(token)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _without_ways(part: list[Token]) -> list[Token]:
    """`ALGORITHM=INPLACE` and `LOCK=NONE` at the end of a definition say how it is made, not
    what."""
    if part[0].text.upper() in ("ALTER", "CREATE", "DROP"):
        while (
            len(part) > 4
            and part[-2].text == "="
            and part[-3].text.upper() in ("ALGORITHM", "LOCK")
        ):
            part = part[:-4] if part[-4].text == "," else part[:-3]
    return part


def _is_deep(tokens: Sequence[Token]) -> bool:
    depth = 0
    for token in tokens:
        depth += token.text in ("(", "[", "{") or -(token.text in (")", "]", "}"))
        if depth > MOST_DEPTH:
            return True
    return False
