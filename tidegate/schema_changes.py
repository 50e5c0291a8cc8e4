"""What each revision of an Alembic history means for the way back, told from its source alone (nothing is run)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from tidegate.facts import MigrationClass, Revision
from tidegate.operations import Operation, has_function, is_empty, operations, raises
from tidegate.sql_statements import Effect, effects

GRAVITY: tuple[MigrationClass, ...] = ("none", "additive", "needs downgrade", "lossy", "irreversible")


@dataclass(frozen=True)
class RevisionSource:
    """One revision file: its text, or None where the image holds it only compiled."""

    id: str
    message: str
    text: str | None


def gravest(kinds: Iterable[MigrationClass]) -> MigrationClass:
    """`none` where there is nothing."""
    return max(kinds, key=GRAVITY.index, default="none")


def way_back(kind: MigrationClass, since: str) -> str:
    """The plan's words for a rollback. `since` says when the backup was made, such as `14:02 on 3 May`."""
    return {"none": "image only", "additive": "image only",
            "needs downgrade": "image + downgrade by the newer image",
            "lossy": f"stop and ask: data written since {since} would be lost",
            "irreversible": f"stop and ask: forward only, or data written since {since} would be lost"}[kind]


def classify(pending: Sequence[RevisionSource]) -> tuple[Revision, ...]:
    """The classes of `pending`, revisions in the order of upgrade.

    One that needs a downgrade drags the others along: an additive one whose downgrade drops data is then lossy too.
    """
    revisions = [_classify(source) for source in pending]
    if gravest(revision.kind for revision in revisions) != "needs downgrade":
        return tuple(revisions)
    return tuple(_dragged(revision, source) for revision, source in zip(revisions, pending, strict=True))


def _classify(source: RevisionSource) -> Revision:
    module = _parse(source.text)
    if module is None or not has_function(module, "upgrade"):
        return Revision(source.id, source.message, "irreversible", ("its source cannot be read",))
    up = [effect for effect in _effects(module, "upgrade") if effect[0] != "additive"]
    kind = gravest(effect[0] for effect in up) if up else "additive"
    reasons = [reason for _, reason in up]
    if kind != "additive":
        back, why = _downgrade(module)
        kind, reasons = gravest((kind, back)), reasons + why
    return Revision(source.id, source.message, kind, tuple(dict.fromkeys(reasons)))


def _dragged(revision: Revision, source: RevisionSource) -> Revision:
    module = _parse(source.text)
    if revision.kind != "additive" or module is None or is_empty(module, "upgrade"):
        return revision
    back, why = _downgrade(module)
    reason = "another revision of this release needs a downgrade, which runs this one's too"
    return revision if back == "additive" else replace(revision, kind=back, reasons=(reason, *why))


def _downgrade(module: ast.Module) -> tuple[MigrationClass, list[str]]:
    """What going down costs: `additive` where nothing is lost."""
    if raises(module, "downgrade"):
        return "irreversible", ["its downgrade raises"]
    if is_empty(module, "downgrade"):
        return "irreversible", ["it has no downgrade"]
    lost = [reason for kind, reason in _effects(module, "downgrade") if kind == "lossy"]
    return ("lossy" if lost else "additive"), [f"its downgrade {reason}" for reason in lost]


def _parse(text: str | None) -> ast.Module | None:
    try:
        return None if text is None else ast.parse(text)
    except SyntaxError:
        return None


def _effects(module: ast.Module, function: str) -> Iterator[Effect]:
    found = list(operations(module, function))
    new = frozenset(op.table for op in found if op.name == "create_table")
    for operation in found:
        yield from _effect(operation, new)


def _effect(op: Operation, new_tables: Set[str]) -> list[Effect]:
    if op.name == "execute":
        return [("lossy", "runs SQL that is made while it runs")] if op.sql is None else effects(op.sql, new_tables)
    if op.table in new_tables and op.name != "unknown":
        return [("additive", f"{op.name} on the new table {op.table}")]
    if op.name == "add_column":
        return [_add_column(op)]
    if op.name == "alter_column":
        return [_alter_column(op)]
    if op.name == "create_index":
        return [("needs downgrade" if op.keyword("unique") is True else "additive", f"creates an index on {op.table}")]
    return [_SIMPLE[op.name](op) if op.name in _SIMPLE else ("lossy", f"calls {op.text}, which is not looked into")]


def _add_column(op: Operation) -> Effect:
    strict = op.keyword("nullable") is False and not op.has("server_default")
    name = f"{op.table}.{op.column}"
    return ("needs downgrade", f"adds {name} without a default: old code cannot insert") if strict else (
        "additive", f"adds {name}")


def _alter_column(op: Operation) -> Effect:
    name = f"{op.table}.{op.column}"
    if op.has("new_column_name"):
        return "needs downgrade", f"renames column {name}"
    if op.has("type_"):
        return "needs downgrade", f"changes the type of {name}"
    if op.has("nullable"):
        return "needs downgrade", f"changes whether {name} may be empty"
    return "additive", f"changes the default or comment of {name}"


def _additive(op: Operation) -> Effect:
    return "additive", op.name


def _constraint(op: Operation) -> Effect:
    return "needs downgrade", f"{op.name.replace('_', ' ')} on {op.table}".replace("create ", "adds ").replace(
        "drop ", "drops ")


_SIMPLE: dict[str, Callable[[Operation], Effect]] = {
    **dict.fromkeys(("create_table", "create_table_comment", "drop_table_comment", "get_bind", "get_context", "f",
                     "inline_literal", "batch_alter_table"), _additive),
    **dict.fromkeys(("create_unique_constraint", "create_check_constraint", "create_foreign_key", "create_primary_key",
                     "create_exclude_constraint", "drop_constraint", "drop_index"), _constraint),
    "rename_table": lambda op: ("needs downgrade", f"renames table {op.table}"),
    "bulk_insert": lambda op: ("needs downgrade", f"inserts into {op.table}"),
    "drop_table": lambda op: ("lossy", f"drops table {op.table}"),
    "drop_column": lambda op: ("lossy", f"drops column {op.table}.{op.column}"),
}
