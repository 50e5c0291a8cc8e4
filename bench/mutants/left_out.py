"""The kinds of small faults that are not tried, because nobody could notice one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

NUMBER = "core/NumberReplacer"
COMPARISON = "core/ReplaceComparisonOperator_"
BINARY = "core/ReplaceBinaryOperator_"
LONG_SECONDS = 10
Place = tuple[int, int]
"""Line and column, as `ast` counts them."""
WAITS = ("timeout_seconds", "retry_delay_seconds", "retry_delays")
SAYS = ("debug", "info", "warning", "error")
CLOCK = ("now", "time", "monotonic")


@dataclass(frozen=True)
class Kind:
    """What is left out: faults by operators that begin so, where `is_at` says it."""

    why: str
    operators: tuple[str, ...]
    is_at: Callable[[ast.Module, Place], bool]


def why_left_out(operator: str, module: ast.Module, place: Place) -> str | None:
    """None of what is tried."""
    return next(
        (
            kind.why
            for kind in KINDS
            if operator.startswith(kind.operators) and kind.is_at(module, place)
        ),
        None,
    )


def _is_no_operation(module: ast.Module, place: Place) -> bool:
    notes = [one for node in ast.walk(module) for one in _annotations(node)]
    if any(_holds(one, place) for one in notes):
        return True
    return not any(
        _end(one.left) <= place <= (one.right.lineno, one.right.col_offset)
        for one in ast.walk(module)
        if isinstance(one, ast.BinOp)
    )


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.FunctionDef) and node.returns:
        yield node.returns
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
        yield node.annotation


def _is_a_wait(module: ast.Module, place: Place) -> bool:
    if any(_holds(one, place) for one in _in_decorators(module, WAITS)):
        return True
    return any(
        isinstance(one, ast.Assign)
        and isinstance(one.targets[0], ast.Name)
        and one.targets[0].id.endswith("_SECONDS")
        and _number(one.value) >= LONG_SECONDS
        and _holds(one.value, place)
        for one in module.body
    )


def _is_a_retry_of_several(module: ast.Module, place: Place) -> bool:
    return any(
        _holds(one, place) and _number(one) > 1 for one in _in_decorators(module, ("retries",))
    )


def _is_logged(module: ast.Module, place: Place) -> bool:
    return any(
        isinstance(one, ast.Call)
        and isinstance(one.func, ast.Attribute)
        and one.func.attr in SAYS
        and "log" in ast.unparse(one.func.value)
        and any(_holds(argument, place) for argument in one.args)
        for one in ast.walk(module)
    )


def _is_a_moment(module: ast.Module, place: Place) -> bool:
    return any(
        _end(left) <= place <= (right.lineno, right.col_offset)
        and any(_asks_the_clock(one) for one in (left, right))
        for node in ast.walk(module)
        if isinstance(node, ast.Compare)
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False)
    )


def _asks_the_clock(node: ast.expr) -> bool:
    return any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in CLOCK
        for one in ast.walk(node)
    )


def _is_frozen(module: ast.Module, place: Place) -> bool:
    return any(
        _holds(keyword.value, place)
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
        if keyword.arg == "frozen"
    )


def _in_decorators(module: ast.Module, names: tuple[str, ...]) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else ()
            yield from (one.value for one in keywords if one.arg in names)


def _number(node: ast.expr) -> float:
    said = node.value if isinstance(node, ast.Constant) else None
    return said if isinstance(said, int | float) else 0


def _holds(node: ast.expr, place: Place) -> bool:
    return (node.lineno, node.col_offset) <= place < _end(node)


def _end(node: ast.expr) -> Place:
    return node.end_lineno or 0, node.end_col_offset or 0


KINDS = (
    Kind(
        "`*` and `**` that spread or mark arguments, and `|` in an annotation: no operation",
        (BINARY,),
        _is_no_operation,
    ),
    Kind(
        "a second more or less until a task ends by its time limit, between its tries, or of a "
        f"constant of at least {LONG_SECONDS}",
        (NUMBER,),
        _is_a_wait,
    ),
    Kind("a try more or less of a task that has three or more", (NUMBER,), _is_a_retry_of_several),
    Kind("a number in a line of the log", (NUMBER,), _is_logged),
    Kind(
        "whether a dataclass is frozen: mypy says who changes one",
        ("core/ReplaceTrueWithFalse",),
        _is_frozen,
    ),
    Kind(
        "whether the very moment of a limit counts, of the clock",
        tuple(f"{COMPARISON}{one}" for one in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")),
        _is_a_moment,
    ),
)
