"""Which operator is tried in the place of another. Cosmic Ray tries each in the place of each.

Of comparisons by order these are the negation and the boundary, as PIT has them
(https://pitest.org/quickstart/mutators), and the third that Kaminski, Ammann and Offutt
("Improving Logic-Based Testing", 2013) and Just and Schweiggert (2015) need to have the others
implied. Of equality it is the negation, and the two orders where a number is compared: names, kinds
and None have no order that means anything. Of arithmetic it is PIT's one for each.
"""

from __future__ import annotations

import ast

COMPARISON = "core/ReplaceComparisonOperator_"
BINARY = "core/ReplaceBinaryOperator_"
Place = tuple[int, int]
"""Line and column, as `ast` counts them."""
INSTEAD = {
    "Lt": ("GtE", "LtE", "NotEq"),
    "LtE": ("Gt", "Lt", "Eq"),
    "Gt": ("LtE", "GtE", "NotEq"),
    "GtE": ("Lt", "Gt", "Eq"),
    "Eq": ("NotEq",),
    "NotEq": ("Eq",),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
}
INSTEAD_OF_NUMBERS = {"Eq": ("LtE", "GtE"), "NotEq": ("Lt", "Gt")}
ARITHMETIC = {
    "Add": "Sub",
    "Sub": "Add",
    "Mul": "Div",
    "Div": "Mul",
    "FloorDiv": "Mul",
    "Mod": "Mul",
    "Pow": "Mul",
    "RShift": "LShift",
    "LShift": "RShift",
    "BitOr": "BitAnd",
    "BitAnd": "BitOr",
    "BitXor": "BitAnd",
}


def is_redundant(operator: str, module: ast.Module, place: Place) -> bool:
    """Whether others that are tried in its `place` say as much."""
    before, _, after = operator.rpartition("_")
    if before.startswith(BINARY):
        return after != ARITHMETIC[before.removeprefix(BINARY)]
    if not before.startswith(COMPARISON):
        return False
    was = before.removeprefix(COMPARISON)
    if after in INSTEAD[was]:
        return False
    return after not in INSTEAD_OF_NUMBERS.get(was, ()) or not _compares_a_number(module, place)


def _compares_a_number(module: ast.Module, place: Place) -> bool:
    return any(
        _is_number(left) or _is_number(right)
        for node in ast.walk(module)
        if isinstance(node, ast.Compare)
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False)
        if (left.end_lineno or 0, left.end_col_offset or 0) <= place
        if place <= (right.lineno, right.col_offset)
    )


def _is_number(node: ast.expr) -> bool:
    """As it is written, or the length of something."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {"len", "sum"}
    said = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(said, ast.Constant) and type(said.value) in {int, float}
