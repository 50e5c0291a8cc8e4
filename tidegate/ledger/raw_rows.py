"""Rows as they lie in the database, also those that were edited into something no type can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, FromClause, literal_column, select

_TROUBLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Unreadable:
    """A value that is not of its column's type."""

    raw: str


def raw_rows(connection: Connection, table: FromClause, order_by: str) -> Iterator[dict[str, Any]]:
    """Each row, a column at a time: one faulty value hides no other."""
    columns = list(table.columns)
    wanted = select(*(literal_column(f'"{column.name}"') for column in columns)).select_from(table)
    found = connection.execute(
        wanted.order_by(literal_column(f'"{order_by}"')), execution_options={"yield_per": 1000}
    )
    codes = (
        [code for _, code, *_ in found.cursor.description]
        if found.cursor
        else [None] * len(columns)
    )
    readers = [
        _reader(connection, column.type, code) for column, code in zip(columns, codes, strict=True)
    ]
    for row in found:
        yield {
            column.name: _read(reader, raw)
            for column, reader, raw in zip(columns, readers, row, strict=True)
        }


def _reader(connection: Connection, kind: Any, code: Any) -> Callable[[Any], Any]:
    """The type's own way from the driver's value to ours; `code` is the driver's number of the
    type."""
    reader: Callable[[Any], Any] | None = kind.dialect_impl(connection.dialect).result_processor(
        connection.dialect, code
    )
    return reader or (lambda raw: raw)


def _read(reader: Callable[[Any], Any], raw: Any) -> Any:
    try:
        return reader(raw)
    except _TROUBLE:
        return Unreadable(repr(raw))
