"""Which small faults `make mutants` does not try, and which tests it tries against one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench.mutants.choosing import Reached, chosen_tests
from bench.mutants.left_out import why_left_out
from bench.mutants.mutant import Mutant
from bench.mutants.redundant import is_redundant

CODE = """\
POLL_SECONDS = 2
MOST_SECONDS = 60.0
MOST = 60


@task(timeout_seconds=60, retries=2, retry_delay_seconds=[1, 3], size=4)
def look(env: A | None, *, most: int = 7) -> B | None:
    log.info("%s", env.text[:5])
    found = {**env, "a": 1 | 2}
    if env * 3 > 8:
        return found
    try:
        return [*env, 9]
    except KeyError:
        return None
    while time.time() < end or at.now - time.now() >= 3 > env:
        pass


@task(retries=1)
def again(env):
    return env


@dataclass(frozen=True, order=True)
class Fact:
    name: str
"""
NUMBER, POWER = "core/NumberReplacer", "core/ReplaceBinaryOperator_Pow_Add"
LESS, MORE = "core/ReplaceComparisonOperator_Lt_LtE", "core/ReplaceComparisonOperator_GtE_Gt"
OR, TIMES = "core/ReplaceBinaryOperator_BitOr_Add", "core/ReplaceBinaryOperator_Mul_Add"


def is_left_out(operator: str, line: int, text: str) -> bool:
    said = CODE.splitlines()[line - 1]
    assert said.count(text) == 1, said
    return why_left_out(operator, ast.parse(CODE), (line, said.index(text))) is not None


@pytest.mark.parametrize(
    ("operator", "line", "text"),
    [
        (NUMBER, 2, "60.0"),
        (NUMBER, 6, "60"),
        (NUMBER, 6, "2"),
        (NUMBER, 6, "1"),
        (NUMBER, 6, "3"),
        (NUMBER, 8, "5"),
        (OR, 7, "| None,"),
        (OR, 7, "| None:"),
        (TIMES, 7, "*"),
        (POWER, 9, "**"),
        (TIMES, 13, "*"),
        (LESS, 16, "< end"),
        (MORE, 16, ">= 3"),
        ("core/ReplaceTrueWithFalse", 25, "True, "),
    ],
)
def test_what_nobody_could_notice_is_left_out(operator: str, line: int, text: str) -> None:
    assert is_left_out(operator, line, text)


@pytest.mark.parametrize(
    ("operator", "line", "text"),
    [
        (NUMBER, 1, "2"),
        (NUMBER, 3, "60"),
        (NUMBER, 6, "4"),
        (NUMBER, 7, "7"),
        (NUMBER, 13, "9"),
        (NUMBER, 20, "1"),
        (OR, 9, "| 2"),
        (TIMES, 10, "*"),
        ("core/ReplaceComparisonOperator_Lt_GtE", 16, "< end"),
        ("core/ReplaceComparisonOperator_Gt_GtE", 16, "> env"),
        ("core/ReplaceTrueWithFalse", 25, "True)"),
        ("core/AddNot", 6, "60"),
    ],
)
def test_whatever_else_is_tried(operator: str, line: int, text: str) -> None:
    """A task that is tried twice and then once, a wait that becomes half or none: that is seen."""
    assert not is_left_out(operator, line, text)


COMPARES, SUMS = "core/ReplaceComparisonOperator_", "core/ReplaceBinaryOperator_"


@pytest.mark.parametrize(
    ("code", "instead"),
    [
        ("a < b", "GtE LtE NotEq"),
        ("a <= 3", "Gt Lt Eq"),
        ("a > b", "LtE GtE NotEq"),
        ("a >= b", "Lt Gt Eq"),
        ("a == b", "NotEq"),
        ("a == -1", "NotEq LtE GtE"),
        ("len(a) == b", "NotEq LtE GtE"),
        ("1 != b", "Eq Lt Gt"),
        ("a.b == b or 1", "NotEq"),
        ("a is None", "IsNot"),
        ("a is not b", "Is"),
    ],
)
def test_of_a_comparison_the_negation_and_the_boundary_are_tried(code: str, instead: str) -> None:
    """Of an equality the orders too, where it is one of numbers."""
    signs = {"<": "Lt", "<=": "LtE", ">": "Gt", ">=": "GtE", "==": "Eq", "!=": "NotEq"}
    sign = next(one for one in code.split() if one in {*signs, "is"})
    was = signs.get(sign) or ("IsNot" if "is not" in code else "Is")
    every = {*signs.values(), "Is", "IsNot"} - {was}
    place = (1, code.index(f" {sign} ") + 1)
    tried = {
        one for one in every if not is_redundant(f"{COMPARES}{was}_{one}", ast.parse(code), place)
    }
    assert tried == {*instead.split()}


@pytest.mark.parametrize(("was", "instead"), [("Add", "Sub"), ("Div", "Mul"), ("Sub", "Add")])
def test_of_arithmetic_one_is_tried(was: str, instead: str) -> None:
    module, others = ast.parse("a + b"), ("Add", "Sub", "Mul", "Div", "Mod", "Pow")
    tried = [
        one
        for one in others
        if one != was and not is_redundant(f"{SUMS}{was}_{one}", module, (1, 2))
    ]
    assert tried == [instead]
    assert not is_redundant("core/AddNot", module, (1, 2))


QUICK, SLOW, CASE, OTHER = "a.py::quick", "a.py::slow[1]", "a.py::slow[2]", "b.py::other"
LIKEWISE = "a.py::likewise"
"""By the same way as QUICK."""
LOOKING = "tests/unit/test_each_task.py::test_it"
REACHED = Reached(
    {SLOW: 2.0, CASE: 3.0, QUICK: 1.0, LIKEWISE: 1.5, OTHER: 9.0, LOOKING: 1.0},
    {
        "tasks/a.py:6": frozenset({QUICK, LIKEWISE, SLOW, CASE, OTHER}),
        "tasks/a.py:8": frozenset({QUICK, LIKEWISE, SLOW, CASE, OTHER}),
        "tasks/a.py:9": frozenset({SLOW, CASE}),
        "tasks/a.py:14": frozenset({OTHER}),
    },
    frozenset({"tasks/a.py:2", "tasks/a.py:7", "tasks/a.py:21"}),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "a.py").write_text(CODE)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "tried"),
    [
        (8, [QUICK, SLOW, LIKEWISE, CASE, OTHER]),
        (9, [SLOW, CASE]),
        (10, []),
        (14, [OTHER]),
        (7, [LOOKING, QUICK, SLOW, LIKEWISE, CASE, OTHER]),
        (2, [LOOKING, QUICK, SLOW, LIKEWISE, CASE, OTHER]),
        (21, [LOOKING, QUICK, SLOW, LIKEWISE, CASE, OTHER]),
    ],
)
def test_a_fault_is_tried_with_the_tests_that_carry_out_its_line(
    folder: Path, line: int, tried: list[str]
) -> None:
    """One of each way through the file first. What is carried out at import is looked at, too."""
    assert chosen_tests(Mutant(Path("tasks/a.py"), NUMBER, 0, line), folder, REACHED, 60) == tried


def test_no_more_are_tried_than_the_time_allows(folder: Path) -> None:
    mutant = Mutant(Path("tasks/a.py"), NUMBER, 0, 8)
    assert chosen_tests(mutant, folder, REACHED, 3) == [QUICK, SLOW]
    assert chosen_tests(mutant, folder, REACHED, 0.5) == [QUICK]
