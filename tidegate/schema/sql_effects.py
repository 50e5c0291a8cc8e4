"""What each statement of a migration does to a schema and its rows: a table of effects, by
sqlglot's kind of statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from tidegate.schema.migration_sql import Engine, SqlReader, Statement
from tidegate.schema.sql_alterations import ColumnChange, Rule, alterations
from tidegate.schema.sql_functions import foreign_call
from tidegate.schema.sql_names import Made, column_name, table_name
from tidegate.secrecy.outside_text import one_line


@dataclass(frozen=True)
class Effect:
    """One thing that a statement does."""

    what: str
    """For people: `drops column bills.note`."""
    breaks: bool = False
    """Whether a version that does not know the change may trip over it."""
    loses: bool = False
    """Whether rows or values are gone, or nobody can say."""
    change: ColumnChange | None = None
    """Of a column's type or emptiness: whether it breaks or loses depends on what it was before."""
    rule: Rule | None = None
    """A constraint that is made or dropped."""


def effects(sql: str, reader: SqlReader, made: Made) -> Iterator[Effect]:
    """In the order of the statements, which are read one after the other."""
    for statement in reader.statements(sql):
        try:
            found = list(_effects(statement, reader, made))
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            RecursionError,
        ):  # a tree of a shape that nobody thought of
            found = [not_understood(statement.text)]
        yield from found or [not_understood(statement.text)]


def _effects(statement: Statement, reader: SqlReader, made: Made) -> Iterator[Effect]:
    tree = statement.tree
    if tree is None:
        yield _listed(statement, reader.engine, made)
    elif isinstance(tree, exp.Describe | exp.Command):
        yield from _command(statement, tree, reader, made)
    elif call := foreign_call(tree):
        yield Effect(f"calls {one_line(call, 60)}, which is not looked into", loses=True)
    else:
        yield from _known(statement, tree, reader.engine, made)


def _known(
    statement: Statement, tree: exp.Expression, engine: Engine, made: Made
) -> Iterator[Effect]:
    if not isinstance(tree, exp.Merge) and any(
        node is not tree for node in tree.find_all(*_WRITES)
    ):
        yield Effect(f"writes inside of: {short(statement.text)}", loses=True)
    elif isinstance(tree, exp.Alter):
        found = list(alterations(tree, engine, made))
        yield from (Effect(*one) for one in found)
        if not found:
            yield _listed(statement, engine, made)
    elif type(tree) in _EFFECTS:
        yield _EFFECTS[type(tree)](tree, engine, made) or not_understood(statement.text)
    else:
        yield not_understood(statement.text)


def not_understood(text: str) -> Effect:
    return Effect(f"runs SQL that is not understood: {short(text)}", loses=True)


def short(text: str) -> str:
    return one_line(text, 60)


# --- statements that sqlglot does not take apart ---

_WORD = r'(?:\w+|"[^"]+"|`[^`]+`)'
_NAME = rf"{_WORD}(?:\.{_WORD})?"
_TEXT = r"'(?:[^'\\]|'')*'"
_REST = "[^/;$]*"  # no comment in which more may stand
_ANALYSES = re.compile(r"\bANALY[ZS]E\b", re.I)
_OPTIONS = re.compile(r"^(?:\s*\([^()]*\)|\s+(?:ANALY[ZS]E|VERBOSE)\b)+", re.I)
_HARMLESS, _BREAKS = False, True
_COMMANDS: dict[Engine, tuple[tuple[str, bool], ...]] = {
    "mysql": (
        (
            rf"(?:UN)?LOCK\s+TABLES\b{_REST}|(?:OPTIMIZE|CHECK|REPAIR)\s+(?:LOCAL\s+)?TABLE\b{_REST}",
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
            rf"ALTER\s+TYPE\s+{_NAME}\s+ADD\s+VALUE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_TEXT}(?:\s+(?:BEFORE|AFTER)\s+{_TEXT})?",
            _HARMLESS,
        ),
        (
            rf"ALTER\s+TYPE\s+{_NAME}\s+RENAME\s+(?:VALUE\s+{_TEXT}\s+TO\s+{_TEXT}|TO\s+{_WORD})",
            _BREAKS,
        ),
        (rf"ALTER\s+TABLE\s+{_NAME}\s+RENAME\s+(?:COLUMN\s+)?{_WORD}\s+TO\s+{_WORD}", _BREAKS),
        (
            rf"ALTER\s+INDEX\s+{_NAME}\s+RENAME\s+TO\s+{_WORD}|CREATE\s+(?:FUNCTION|PROCEDURE)\s+{_NAME}\s*\(.*",
            _HARMLESS,
        ),
        (
            rf"ALTER\s+TABLE\s+{_NAME}\s+(?:VALIDATE\s+CONSTRAINT\s+{_WORD}|(?:RE)?SET\s*\({_REST}|REPLICA\s+IDENTITY\s+\w+)",
            _HARMLESS,
        ),
        (
            rf"ALTER\s+TABLE\s+{_NAME}\s+ALTER\s+(?:COLUMN\s+)?{_WORD}\s+SET\s+(?:STATISTICS|STORAGE)\s+\w+",
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


def _command(
    statement: Statement, tree: exp.Expression, reader: SqlReader, made: Made
) -> Iterator[Effect]:
    if isinstance(tree, exp.Describe):
        yield from _explained(statement, reader, made, "EXPLAIN|DESCRIBE|DESC")
    elif tree.name.upper() == "EXPLAIN":
        yield from _explained(statement, reader, made, "EXPLAIN")
    else:
        yield _listed(statement, reader.engine, made)


def _explained(statement: Statement, reader: SqlReader, made: Made, words: str) -> Iterator[Effect]:
    """EXPLAIN runs nothing; with ANALYZE it runs what it explains."""
    rest = re.sub(rf"^\s*(?:{words})\b", "", statement.text, count=1, flags=re.I)
    if not _ANALYSES.search(rest):
        yield Effect(short(statement.text))
        return
    inner = _OPTIONS.sub("", rest).strip()
    if inner == rest.strip():
        yield not_understood(statement.text)
    else:
        yield from effects(inner, reader, made)


def _listed(statement: Statement, engine: Engine, made: Made) -> Effect:
    for pattern, breaks in _COMMANDS[engine] if statement.is_one else ():
        if re.fullmatch(pattern, statement.text.strip(), re.I | re.S):
            if breaks:
                made.forget()
            return Effect(short(statement.text), breaks)
    return not_understood(statement.text)


# --- statements that it takes apart ---

_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge)


def _harmless(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    return Effect(f"{type(tree).__name__.lower()}")


def _select(tree: exp.Expression, engine: Engine, made: Made) -> Effect | None:
    if into := tree.args.get("into"):
        return Effect(f"makes the table {into.this.name}") if engine == "postgresql" else None
    return Effect("reads")


_OF_A_SESSION = {"", "SESSION", "LOCAL", "NAMES", "CHARACTER SET", "TRANSACTION"}


def _set(tree: exp.Expression, engine: Engine, made: Made) -> Effect | None:
    """Of the session only; where a name is looked up is another world."""
    for item in tree.expressions:
        left = item.this.this if isinstance(item.this, exp.EQ) else item.this
        kinds = {
            str(item.args.get("kind") or "").upper(),
            str(getattr(left, "args", {}).get("kind") or "").upper(),
        }
        if (left is not None and left.name.upper() == "PASSWORD") or kinds - _OF_A_SESSION:
            return None
        if left is not None and left.name.lower() in ("search_path", "role", "sql_mode"):
            made.forget()
    return Effect("sets something of its own session")


def _use(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    made.forget()
    return Effect(f"uses {tree.this.name if tree.this else 'another database'}")


def _analyze(tree: exp.Expression, engine: Engine, made: Made) -> Effect | None:
    kind = str(tree.args.get("kind") or "").upper()
    plain = kind == "TABLE" or (engine == "postgresql" and not kind)
    return (
        Effect("looks at how tables are filled")
        if plain and not tree.args.get("expression")
        else None
    )


def _create(tree: exp.Expression, engine: Engine, made: Made) -> Effect | None:
    kind, is_again = str(tree.args.get("kind")).upper(), bool(tree.args.get("replace"))
    target = (
        tree.this.this if isinstance(tree.this, exp.Schema | exp.UserDefinedFunction) else tree.this
    )
    name = table_name(target, engine) if isinstance(target, exp.Table) else target.name
    if kind == "INDEX":
        return _index(tree, engine, made)
    if kind == "TABLE":
        if not is_again and not tree.args.get("exists"):
            made.tables.add(name)
        return Effect(
            f"makes the table {name}"
            if not is_again
            else f"makes {name} in place of what is there",
            loses=is_again,
        )
    if kind in ("VIEW", "FUNCTION", "PROCEDURE"):
        return Effect(
            f"{'replaces' if is_again else 'makes'} the {kind.lower()} {name}", breaks=is_again
        )
    if kind in ("SEQUENCE", "TYPE", "SCHEMA", "DATABASE") and not is_again:
        return Effect(f"makes the {kind.lower()} {name}")
    return (
        Effect(f"makes the trigger {name}, whose effect is not looked into", loses=True)
        if kind == "TRIGGER"
        else None
    )


def _index(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    index, unique = tree.this, bool(tree.args.get("unique"))
    table = table_name(index.args["table"], engine)
    columns = tuple(
        column_name(part.this, engine)
        for part in index.args["params"].args.get("columns") or ()
        if isinstance(part, exp.Ordered) and isinstance(part.this, exp.Column)
    )
    partial = index.args["params"].args.get("where") is not None
    return Effect(
        f"makes {'a unique' if unique else 'an'} index on {table}",
        breaks=unique and not made.holds(table, columns),
        rule=Rule(
            table, index.name, "unique" if unique else "index", True, () if partial else columns
        ),
    )


def _drop(tree: exp.Expression, engine: Engine, made: Made) -> Effect | None:
    kind = str(tree.args.get("kind")).upper()
    names = [
        table_name(one, engine)
        for one in tree.args.get("tables") or ()
        if isinstance(one, exp.Table)
    ]
    what = f"drops {kind.lower()} {', '.join(names)}"
    if tree.args.get("cascade") or not names:
        return Effect(f"{what} and whatever depends on it", loses=True)
    if kind in ("TABLE", "SCHEMA", "DATABASE"):
        old = [name for name in names if name not in made.tables]
        made.tables -= set(names)
        return Effect(what, loses=bool(old), breaks=bool(old))
    if kind == "INDEX":
        on = tree.args.get("cluster")
        table = (
            table_name(on.this, engine) if on is not None and isinstance(on.this, exp.Table) else ""
        )
        return (
            Effect(what, rule=Rule(table, names[0], "", False, ()))
            if len(names) == 1
            else Effect(what, breaks=True)
        )
    known = (
        "VIEW",
        "MATERIALIZED VIEW",
        "TYPE",
        "SEQUENCE",
        "FUNCTION",
        "PROCEDURE",
        "TRIGGER",
        "EVENT",
    )
    return Effect(what, breaks=True) if kind in known else None


def _insert(tree: exp.Expression, engine: Engine, made: Made) -> Effect | None:
    conflict = tree.args.get("conflict")
    overwrites = tree.args.get("overwrite") or (conflict is not None and bool(conflict.expressions))
    [table] = [table_name(one, engine) for one in _targets(tree.this)]
    if table in made.tables:
        return Effect(f"inserts into the new table {table}")
    if overwrites:
        return Effect(f"overwrites rows of {table}", loses=True)
    return Effect(f"inserts into {table}", breaks=True)


def _update(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    tables = [table_name(one, engine) for one in _targets(tree.this)]
    columns = [column_name(one.this, engine) for one in tree.expressions if isinstance(one, exp.EQ)]
    fills = (
        len(tables) == 1
        and len(columns) == len(tree.expressions)
        and all((tables[0], column) in made.columns for column in columns)
    )
    if tables and all(table in made.tables for table in tables):
        return Effect(f"updates the new table {', '.join(tables)}")
    what = f"updates {', '.join(tables)}"
    return (
        Effect(f"fills the new columns of {tables[0]}")
        if fills and columns
        else Effect(what, loses=True)
    )


def _delete(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    tables = [
        table_name(one, engine)
        for target in (tree.this, *(tree.args.get("tables") or ()))
        for one in _targets(target)
    ]
    return Effect(
        f"deletes from {', '.join(tables)}",
        loses=not tables or any(name not in made.tables for name in tables),
    )


def _truncate(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    tables = [table_name(one, engine) for one in tree.expressions if isinstance(one, exp.Table)]
    old = [name for name in tables if name not in made.tables]
    return Effect(
        f"truncates {', '.join(tables)}", loses=bool(old or not tables or tree.args.get("option"))
    )


def _merge(tree: exp.Expression, engine: Engine, made: Made) -> Effect:
    return Effect(
        f"merges into {tree.this.name}", loses=table_name(tree.this, engine) not in made.tables
    )


def _targets(tree: object) -> Sequence[exp.Table]:
    """The tables in `tree`, with those that are joined to it."""
    return list(tree.find_all(exp.Table)) if isinstance(tree, exp.Expression) else []


_EFFECTS: dict[type[exp.Expression], Callable[[exp.Expression, Engine, Made], Effect | None]] = {
    **dict.fromkeys(
        (
            exp.Comment,
            exp.Show,
            exp.Semicolon,
            exp.Commit,
            exp.Transaction,
            exp.Grant,
            exp.Union,
            exp.Values,
        ),
        _harmless,
    ),
    exp.Select: _select,
    exp.Set: _set,
    exp.Use: _use,
    exp.Analyze: _analyze,
    exp.Create: _create,
    exp.Drop: _drop,
    exp.Insert: _insert,
    exp.Update: _update,
    exp.Delete: _delete,
    exp.TruncateTable: _truncate,
    exp.Merge: _merge,
    exp.Revoke: lambda tree, engine, made: Effect("takes rights away", breaks=True),
}
