"""Which tests are tried against one fault: those that carry out its line, in an order in which a
fault is seen soon.
"""

from __future__ import annotations

import ast
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.mutants.mutant import Mutant

LOOKING = (
    "tests/unit/test_each_task.py",
    "tests/unit/test_parameters.py",
    "tests/unit/test_prefect_yaml.py",
)
"""What they look at is carried out when a module is imported."""


@dataclass(frozen=True)
class Reached:
    """What `bench.mutants.reached` has heard."""

    seconds: dict[str, float]
    """Name of a test -> how long it takes."""
    tests: dict[str, frozenset[str]]
    """`tasks/frame/step.py:39` -> the tests that carry it out."""
    imported: frozenset[str] = frozenset()
    """Such lines that are carried out at import."""


def read_reached(file: Path) -> Reached:
    """As it was recorded in parts."""
    seconds, tests, imported = dict[str, float](), defaultdict[str, set[str]](set), set[str]()
    for told in json.loads(file.read_text(encoding="utf-8")):
        names = [name for name, _ in told["tests"]]
        seconds.update(told["tests"])
        imported.update(told["imported"])
        for line, numbers in told["lines"].items():
            tests[line].update(names[number] for number in numbers)
    of_lines = {line: frozenset(names) for line, names in tests.items()}
    return Reached(seconds, of_lines, frozenset(imported))


def chosen_tests(mutant: Mutant, folder: Path, reached: Reached, most_seconds: float) -> list[str]:
    """At most as many as take so long without the fault. Of what is carried out at import, first
    those that look at it; outside of functions, those that carry out anything of its file."""
    module = ast.parse((folder / mutant.file).read_text(encoding="utf-8"))
    lines = {f"{mutant.file}:{line}" for line in _lines_of(module, mutant.line)}
    found = set[str]().union(*(reached.tests.get(line, frozenset()) for line in lines))
    looking = list[str]()
    if lines & reached.imported:
        looking = [one for one in reached.seconds if one.startswith(LOOKING)]
        if not found or not _is_in_function(module, mutant):
            found |= _tests_of_file(mutant.file, reached)
    turns = _in_turn(found, mutant.file, reached)
    return [*looking, *_within(turns, reached, most_seconds)]


def _tests_of_file(file: Path, reached: Reached) -> set[str]:
    begin = f"{file}:"
    return {
        name for line, names in reached.tests.items() if line.startswith(begin) for name in names
    }


def _is_in_function(module: ast.Module, mutant: Mutant) -> bool:
    return any(
        _head(node)[0] <= mutant.line <= (node.end_lineno or 0)
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef)
    )


def _lines_of(module: ast.Module, line: int) -> Iterable[int]:
    """Those of the innermost statement, of one with a body its head."""
    heads = [
        (first, last)
        for node in ast.walk(module)
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case)
        for first, last in [_head(node)]
        if first <= line <= last
    ]
    first, last = max(heads)
    return range(first, last + 1)


def _head(node: ast.stmt | ast.excepthandler | ast.match_case) -> tuple[int, int]:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, node.body[0].lineno - 1
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(one.lineno for one in decorators)])
    body = getattr(node, "body", [])
    return first, max(first, body[0].lineno - 1) if body else (node.end_lineno or 0)


def _in_turn(names: Iterable[str], file: Path, reached: Reached) -> list[str]:
    """One test of each way through the `file` before a second one of it, and a quick one before one
    that takes the time of several. Of the same way, each test function's quickest case before its
    others."""
    quickest = sorted(names, key=lambda one: (reached.seconds[one], one))
    cases = _turns(quickest, lambda one: one.partition("[")[0])
    ways = _ways(quickest, file, reached)
    turns = _turns(sorted(quickest, key=lambda one: cases[one]), lambda one: ways[one])
    return sorted(quickest, key=lambda one: (turns[one] + 1) * reached.seconds[one])


def _turns(names: Iterable[str], kind: Callable[[str], Hashable]) -> dict[str, int]:
    """How many of its kind come before each."""
    turns, before = dict[str, int](), Counter[Hashable]()
    for name in names:
        turns[name] = before[kind(name)]
        before[kind(name)] += 1
    return turns


def _ways(names: Iterable[str], file: Path, reached: Reached) -> dict[str, frozenset[str]]:
    """The lines of the `file` that each test carries out."""
    begin, ways = f"{file}:", {name: set[str]() for name in names}
    for line, carriers in reached.tests.items():
        if line.startswith(begin):
            for name in carriers & ways.keys():
                ways[name].add(line)
    return {name: frozenset(lines) for name, lines in ways.items()}


def _within(names: Iterable[str], reached: Reached, most_seconds: float) -> list[str]:
    """The first is always among them."""
    chosen, seconds = list[str](), 0.0
    for name in names:
        seconds += reached.seconds[name]
        if chosen and seconds > most_seconds:
            break
        chosen.append(name)
    return chosen
