"""What each statement of a migration does to a schema and its rows: a table of effects, by
sqlglot's kind of statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sqlglot import exp

from tidegate.schema.migration_sql import Engine, SqlReader, Statement
from tidegate.schema.sql_alterations import alterations
from tidegate.schema.sql_commands import breaks_old_code
from tidegate.schema.sql_effect import Effect, not_understood, short
from tidegate.schema.sql_functions import foreign_call
from tidegate.schema.sql_names import Made, column_name, table_name
from tidegate.schema.sql_row_effects import delete, insert, merge, truncate, update
from tidegate.schema.sql_rules import Rule
from tidegate.secrecy.outside_text import one_line


def effects(sql: str, reader: SqlReader, made: Made) -> Iterator[Effect]:
    """In the order of the statements, which are read one after the other."""
    for statement in reader.statements(sql):
        try:
            found = list(_effects(statement, reader, made))
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            # The tree has a shape that nobody thought of.
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


# --- statements that sqlglot does not take apart ---

_ANALYSES = re.compile(r"\bANALY[ZS]E\b", re.I)
_OPTIONS = re.compile(r"^(?:\s*\([^()]*\)|\s+(?:ANALY[ZS]E|VERBOSE)\b)+", re.I)


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
    breaks = breaks_old_code(statement, engine)
    if breaks is None:
        return not_understood(statement.text)
    if breaks:
        made.forget()
    return Effect(short(statement.text), breaks)


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
    exp.Insert: insert,
    exp.Update: update,
    exp.Delete: delete,
    exp.TruncateTable: truncate,
    exp.Merge: merge,
    exp.Revoke: lambda tree, engine, made: Effect("takes rights away", breaks=True),
}
