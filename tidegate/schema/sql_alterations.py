"""What ALTER TABLE does: one effect for each of its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from tidegate.schema.column_types import ColumnType, column_type
from tidegate.schema.migration_sql import Engine
from tidegate.schema.sql_names import Made, column_name, table_name
from tidegate.schema.sql_rules import Rule, rule_of


@dataclass(frozen=True)
class ColumnChange:
    """What a column becomes. None: it stays, or the statement does not say."""

    table: str
    column: str
    type: ColumnType | None = None
    nullable: bool | None = None
    has_default: bool | None = None
    was: str = ""
    """The column's name before, where the statement renames it."""

    @property
    def key(self) -> tuple[str, str]:
        return self.table, self.column

    @property
    def key_before(self) -> tuple[str, str]:
        return self.table, self.was or self.column


Alteration = tuple[str, bool, bool, ColumnChange | None, Rule | None]
"""The fields of an effect: what, breaks, loses, change, rule."""


def alterations(tree: exp.Alter, engine: Engine, made: Made) -> Iterator[Alteration]:
    """Yields nothing where one part of it is not understood."""
    table, actions = table_name(tree.this, engine), tree.args.get("actions") or []
    options = tree.args.get("options") or []
    is_comment = options and all(isinstance(one, exp.SchemaCommentProperty) for one in options)
    if str(tree.args.get("kind")).upper() != "TABLE" or (options and not is_comment):
        return
    found = [one for action in actions for one in _parts(action, table, engine, made)]
    if any(one is None for one in found):
        return
    yield from (
        (*one[:2], True, *one[3:]) if tree.args.get("cascade") else one
        for one in found
        if one is not None
    )
    if is_comment and not actions:
        yield f"comments on {table}", False, False, None, None


def _parts(
    action: exp.Expression, table: str, engine: Engine, made: Made
) -> Iterator[Alteration | None]:
    if table in made.tables and not isinstance(action, exp.AlterRename):
        yield f"alters the new table {table}", False, False, None, None
    elif isinstance(action, exp.AddConstraint):
        yield from (_rule(one, table, engine, made) for one in action.expressions)
    elif type(action) in _ACTIONS:
        yield _ACTIONS[type(action)](action, table, engine, made)
    else:
        yield None


def _rule(one: exp.Expression, table: str, engine: Engine, made: Made) -> Alteration | None:
    rule = rule_of(one, table, engine)
    if rule is None:
        return None
    breaks = rule.kind != "index" and not made.holds(table, rule.columns)
    return f"adds {rule.kind} on {table}", breaks, False, None, rule


def _added(action: exp.Expression, table: str, engine: Engine, made: Made) -> Alteration:
    column, name = column_name(action.this, engine), f"{table}.{action.this.name}"
    facts = _facts(action)
    default = facts.get(exp.DefaultColumnConstraint)
    has_default = default is not None and not isinstance(default.this, exp.Null)
    fills_itself = (
        has_default or bool(facts.keys() & _FILLED) or _type_name(action).endswith("SERIAL")
    )
    strict = (
        exp.NotNullColumnConstraint in facts or exp.PrimaryKeyColumnConstraint in facts
    ) and not fills_itself
    doubled = has_default and exp.UniqueColumnConstraint in facts
    if not action.args.get("exists"):
        made.columns.add((table, column))
        if not fills_itself and not strict:
            made.nullable.add((table, column))
    if strict:
        return f"adds {name} without a default: old code cannot insert", True, False, None, None
    return f"adds {name}", doubled or exp.CheckColumnConstraint in facts, False, None, None


_FILLED = {
    exp.AutoIncrementColumnConstraint,
    exp.GeneratedAsIdentityColumnConstraint,
    exp.ComputedColumnConstraint,
    exp.GeneratedAsRowColumnConstraint,
}


def _type_name(definition: exp.Expression) -> str:
    kind = definition.args.get("kind")
    return (
        kind.this.value
        if isinstance(kind, exp.DataType) and isinstance(kind.this, exp.DType)
        else ""
    )


def _facts(definition: exp.Expression) -> dict[type[exp.Expression], exp.Expression]:
    """The constraints of a column; `NULL` is none."""
    kinds = [
        one.args["kind"]
        for one in definition.args.get("constraints") or ()
        if one.args.get("kind") is not None
    ]
    return {type(kind): kind for kind in kinds if not kind.args.get("allow_null")}


def _dropped(action: exp.Expression, table: str, engine: Engine, made: Made) -> Alteration | None:
    kind, names = (
        str(action.args.get("kind")).upper(),
        [one for one in action.args.get("tables") or ()],
    )
    if len(names) != 1 or action.args.get("cascade"):
        return f"drops {kind.lower()} of {table} and whatever depends on it", True, True, None, None
    name = column_name(names[0], engine) if kind == "COLUMN" else names[0].name
    if kind == "COLUMN":
        is_made = (table, name) in made.columns
        return f"drops column {table}.{name}", not is_made, not is_made, None, None
    if kind not in ("INDEX", "KEY", "CONSTRAINT", "FOREIGN KEY", "CHECK"):
        return None
    return (
        f"drops {kind.lower()} {name} of {table}",
        False,
        False,
        None,
        Rule(table, name, kind.lower() if kind in ("FOREIGN KEY", "CHECK") else "", False),
    )


def _modified(action: exp.Expression, table: str, engine: Engine, made: Made) -> Alteration | None:
    """MySQL's MODIFY and CHANGE say the whole column anew."""
    definition, renamed = action.this, action.args.get("rename_from")
    if not isinstance(definition, exp.ColumnDef) or not isinstance(
        definition.args.get("kind"), exp.DataType
    ):
        return None
    facts, column = _facts(definition), column_name(definition.this, engine)
    if facts.keys() & {
        exp.UniqueColumnConstraint,
        exp.PrimaryKeyColumnConstraint,
        exp.ComputedColumnConstraint,
        exp.CheckColumnConstraint,
    }:
        return None
    collation = " ".join(
        facts[one].this.name
        for one in (exp.CharacterSetColumnConstraint, exp.CollateColumnConstraint)
        if one in facts
    )
    was = column_name(renamed, engine) if renamed is not None else column
    change = ColumnChange(
        table,
        column,
        column_type(definition.args["kind"], engine, collation),
        exp.NotNullColumnConstraint not in facts,
        bool(facts.keys() & {exp.DefaultColumnConstraint, exp.AutoIncrementColumnConstraint}),
        was,
    )
    if was != column:
        return f"renames column {table}.{was} to {column}", True, False, change, None
    return f"changes {table}.{column}", False, False, change, None


def _column(action: exp.Expression, table: str, engine: Engine, made: Made) -> Alteration | None:
    column, known = column_name(action.this, engine), action.args
    said = {name for name, value in known.items() if value is not None and value is not False} - {
        "this"
    }
    if isinstance(known.get("dtype"), exp.DataType):
        return _retyped(action, table, column, engine, said)
    if "default" in said:
        return (
            f"sets the default of {table}.{column}",
            False,
            False,
            ColumnChange(table, column, has_default=True),
            None,
        )
    if said == {"drop"} and known.get("allow_null") is None:
        change = ColumnChange(table, column, has_default=False)
        return (
            f"drops the default of {table}.{column}: old code may not insert",
            True,
            False,
            change,
            None,
        )
    if said == {"drop", "allow_null"}:
        return (
            f"lets {table}.{column} be empty",
            False,
            False,
            ColumnChange(table, column, nullable=True),
            None,
        )
    if not said and known.get("allow_null") is False:
        return (
            f"changes whether {table}.{column} may be empty",
            False,
            False,
            ColumnChange(table, column, nullable=False),
            None,
        )
    return None


def _retyped(
    action: exp.Expression, table: str, column: str, engine: Engine, said: set[str]
) -> Alteration | None:
    """A conversion that is written out may do anything; a mere cast to the new type does what the
    server does."""
    kind, using, collate = (
        action.args["dtype"],
        action.args.get("using"),
        action.args.get("collate"),
    )
    if (
        isinstance(using, exp.Cast)
        and isinstance(using.this, exp.Column)
        and using.to == kind
        and (column_name(using.this, engine) == column)
    ):
        using = None
    if using or said - {"dtype", "using", "collate"}:
        return f"converts {table}.{column}", True, True, None, None
    change = ColumnChange(table, column, column_type(kind, engine, collate.name if collate else ""))
    return f"changes {table}.{column}", False, False, change, None


def _renamed_column(action: exp.Expression, table: str, engine: Engine, made: Made) -> Alteration:
    made.forget()
    return f"renames column {table}.{action.this.name}", True, False, None, None


def _renamed(action: exp.Expression, table: str, engine: Engine, made: Made) -> Alteration:
    is_made, name = table in made.tables, table_name(action.this, engine)
    made.forget()
    if is_made:
        made.tables.add(name)
    return f"renames table {table}", not is_made, False, None, None


def _no_primary_key(action: exp.Expression, table: str, engine: Engine, made: Made) -> Alteration:
    return f"drops the primary key of {table}", True, False, None, None


_ACTIONS: dict[
    type[exp.Expression], Callable[[exp.Expression, str, Engine, Made], Alteration | None]
] = {
    exp.ColumnDef: _added,
    exp.Drop: _dropped,
    exp.ModifyColumn: _modified,
    exp.AlterColumn: _column,
    exp.RenameColumn: _renamed_column,
    exp.AlterRename: _renamed,
    exp.DropPrimaryKey: _no_primary_key,
}
