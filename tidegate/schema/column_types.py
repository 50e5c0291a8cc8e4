"""Whether a column's type takes in every value of another type, and which values it would not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from tidegate.schema.migration_sql import Engine

Comparison = Literal["same", "wider", "narrower", "other"]
_BITS = {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "BIGINT": 64, "BOOLEAN": 8}
_BYTES = {
    "TINYTEXT": 255,
    "TEXT": 65_535,
    "MEDIUMTEXT": 2**24 - 1,
    "LONGTEXT": 2**32 - 1,
    "TINYBLOB": 255,
    "BLOB": 65_535,
    "MEDIUMBLOB": 2**24 - 1,
    "LONGBLOB": 2**32 - 1,
}
_LIMITED_TEXTS = ("VARCHAR", "NVARCHAR")
_BYTES_OF_A_CHARACTER = 4
_FRACTION_DIGITS = {"mysql": 0, "postgresql": 6}


@dataclass(frozen=True)
class _Integers:
    low: int
    high: int

    def takes(self, other: object) -> bool:
        return isinstance(other, _Integers) and self.low <= other.low and self.high >= other.high

    def misfit(self, column: str, engine: Engine) -> str:
        return f"{column} NOT BETWEEN {self.low} AND {self.high}"

    def __str__(self) -> str:
        return f"between {self.low} and {self.high}"


@dataclass(frozen=True)
class _Texts:
    """`most` characters, or bytes; None is no limit."""

    most: int | None
    in_bytes: bool
    binary: bool

    def takes(self, other: object) -> bool:
        if not isinstance(other, _Texts) or other.binary != self.binary:
            return False
        if self.most is None or other.most is None:
            return self.most is None
        factor = _BYTES_OF_A_CHARACTER if self.in_bytes and not other.in_bytes else 1
        return (self.in_bytes or not other.in_bytes) and self.most >= other.most * factor

    def misfit(self, column: str, engine: Engine) -> str:
        length = "OCTET_LENGTH" if self.in_bytes or self.binary else "CHAR_LENGTH"
        return f"{length}({column}) > {self.most}"

    def __str__(self) -> str:
        return f"of at most {self.most} {'bytes' if self.in_bytes or self.binary else 'characters'}"


@dataclass(frozen=True)
class _Decimals:
    """Digits before and after the point; None is no limit."""

    before: int | None
    after: int | None

    def takes(self, other: object) -> bool:
        if not isinstance(other, _Decimals):
            return False
        if self.before is None or self.after is None or other.before is None or other.after is None:
            return self.before is None
        return self.before >= other.before and self.after >= other.after

    def misfit(self, column: str, engine: Engine) -> str:
        return (
            f"{column} <> ROUND({column}, {self.after}) OR ABS({column}) >= "
            f"1{'0' * (self.before or 0)}"
        )

    def __str__(self) -> str:
        return f"of {self.before} digits and {self.after} after the point"


@dataclass(frozen=True)
class _Words:
    """The values of MySQL's ENUM."""

    values: tuple[str, ...]

    def takes(self, other: object) -> bool:
        return isinstance(other, _Words) and set(self.values) >= set(other.values)

    def misfit(self, column: str, engine: Engine) -> str:
        words = ", ".join(
            "'" + value.replace("\\", "\\\\").replace("'", "''") + "'" for value in self.values
        )
        return f"{column} NOT IN ({words})"

    def __str__(self) -> str:
        return f"among {', '.join(self.values)}"


@dataclass(frozen=True)
class _Moments:
    """Of one kind, with so many digits after the second: the rest is rounded away, which no
    question shows."""

    kind: str
    digits: int

    def takes(self, other: object) -> bool:
        return (
            isinstance(other, _Moments) and self.kind == other.kind and self.digits >= other.digits
        )


@dataclass(frozen=True)
class _Floats:
    bits: int

    def takes(self, other: object) -> bool:
        return isinstance(other, _Floats) and self.bits >= other.bits


Values = _Integers | _Texts | _Decimals | _Words | _Moments | _Floats


@dataclass(frozen=True)
class ColumnType:
    """A type as a migration writes it; `values` is None where nobody can say which values it
    takes."""

    text: str
    values: Values | None
    collation: str

    def compared_with(self, before: ColumnType) -> Comparison:
        """`wider`: each value of `before` stays what it is. `narrower`: the other way round."""
        if self.text == before.text and self.collation == before.collation:
            return "same"
        if self.values is None or before.values is None or self.collation != before.collation:
            return "other"
        if self.values.takes(before.values):
            return "wider"
        return "narrower" if before.values.takes(self.values) else "other"

    def misfit(self, column: str, engine: Engine) -> tuple[str, str] | None:
        """For people, and as SQL that is true for a value that would be cut. None where that cannot
        be asked."""
        if isinstance(self.values, _Moments | _Floats) or self.values is None:
            return None
        return str(self.values), self.values.misfit(column, engine)


def column_type(kind: exp.DataType, engine: Engine, collation: str = "") -> ColumnType:
    """Of a type in a statement."""
    return ColumnType(
        kind.sql("mysql" if engine == "mysql" else "postgres"), _values(kind, engine), collation
    )


def _values(kind: exp.DataType, engine: Engine) -> Values | None:
    name = kind.this.value if isinstance(kind.this, exp.DType) else ""
    sizes = [
        int(part.name) for part in kind.expressions if part.name.isdigit() and len(part.name) < 10
    ]
    unsigned = name.removeprefix("U")
    if name in _BITS:
        return _Integers(-(1 << _BITS[name] - 1), (1 << _BITS[name] - 1) - 1)
    if unsigned in _BITS:
        return _Integers(0, (1 << _BITS[unsigned]) - 1)
    return _text(name, sizes, engine) or _number(name, sizes, kind, engine)


def _text(name: str, sizes: list[int], engine: Engine) -> Values | None:
    if name in _LIMITED_TEXTS:
        return _Texts(sizes[0] if sizes else None, in_bytes=False, binary=False)
    if name == "TEXT" and engine == "postgresql":
        return _Texts(None, in_bytes=False, binary=False)
    if name in _BYTES and engine == "mysql":
        return _Texts(_BYTES[name], in_bytes=True, binary="BLOB" in name)
    if name == "VARBINARY" and sizes:
        return _Texts(sizes[0], in_bytes=True, binary=True)
    return None


def _number(name: str, sizes: list[int], kind: exp.DataType, engine: Engine) -> Values | None:
    if name == "DECIMAL":
        return _decimals(sizes or ([10] if engine == "mysql" else []))
    if name == "ENUM" and kind.expressions:
        return _Words(tuple(value.name for value in kind.expressions))
    if name in ("FLOAT", "DOUBLE") and not sizes:
        return _Floats(64 if name == "DOUBLE" or engine == "postgresql" else 32)
    if name in ("DATETIME", "TIMESTAMP", "TIMESTAMPTZ", "TIME"):
        return _Moments(name, sizes[0] if sizes else _FRACTION_DIGITS[engine])
    return None


def _decimals(sizes: list[int]) -> _Decimals:
    if not sizes:
        return _Decimals(None, None)
    after = sizes[1] if len(sizes) > 1 else 0
    return _Decimals(sizes[0] - after, after)
