"""`make mutants`: how many small faults in `flows/` and `tasks/` are seen without a Docker engine?
Cosmic Ray makes the faults.

Of each it tries the tests that enter the function where it is, the quickest first. It draws a
sample, so the share that it prints is an estimate. Those that nobody saw are named, and each is a
test that is missing or a change that changes nothing.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import math
import os
import random
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import TestOutcome

from setup.places import PYTHON, ROOT

FOLDERS = ("flows", "tasks")
# Annotations are no code that runs, and so is a `|` in one of them.
LEFT_OUT = ("core/NoOp", "core/ReplaceBinaryOperator_BitOr_")
# Nothing of them needs an engine. The tests of style and documents see none.
SUITES = (
    "tests/flows",
    "tests/unit",
    "tests/integration/test_check.py",
    "tests/integration/test_init.py",
    "--ignore-glob=tests/unit/test_house*",
    "--ignore-glob=tests/unit/test_doc*",
    "--ignore=tests/unit/test_manual.py",
    "--ignore=tests/unit/test_packaging.py",
)
MOST_SECONDS = 1800
MOST_SAID = 2000
NORMAL_DEVIATE = 1.96  # of 95 %


@dataclass(frozen=True)
class Mutant:
    """One small fault: the file, Cosmic Ray's operator, and which of the places where it fits."""

    file: Path
    operator: str
    occurrence: int
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.operator.removeprefix('core/')}"


@dataclass(frozen=True)
class Reached:
    """The functions that one test enters, as `bench.reached` names them."""

    seconds: float
    functions: frozenset[str]


def mutants(folder: Path) -> Iterator[Mutant]:
    """All that can be made of the files of `FOLDERS` in `folder`."""
    operators = {
        name: get_operator(name) for name in operator_names() if not name.startswith(LEFT_OUT)
    }
    plain = {name: made() for name, made in operators.items() if not made.arguments()}
    for file in sorted(file for one in FOLDERS for file in (folder / one).rglob("*.py")):
        nodes = list(ast_nodes(get_ast(file.read_text(encoding="utf-8"))))
        for name, operator in plain.items():
            places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
            for occurrence, (line, _) in enumerate(places):
                yield Mutant(file.relative_to(folder), name, occurrence, line)


def function_of(folder: Path, mutant: Mutant) -> str | None:
    """As `bench.reached` names it; None where no function is."""
    functions = [
        (first, node.end_lineno)
        for node in ast.walk(ast.parse((folder / mutant.file).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and (first := min([node.lineno, *(one.lineno for one in node.decorator_list)]))
        <= mutant.line
        <= (node.end_lineno or 0)
    ]
    return f"{mutant.file}:{max(functions)[0]}" if functions else None


def tests_of(mutant: Mutant, folder: Path, reached: Mapping[str, Reached]) -> list[str]:
    """Those that may see it, the quickest first; outside of functions all of them."""
    where = function_of(folder, mutant)
    found = [name for name, one in reached.items() if where is None or where in one.functions]
    return sorted(found, key=lambda name: reached[name].seconds)


def is_seen(folder: Path, mutant: Mutant, tests: Sequence[str]) -> bool:
    """Whether one of `tests` fails, or does not end, with the fault in its place in the clone
    `folder`."""
    if not tests:
        return False
    file = folder / mutant.file
    sound = file.read_text(encoding="utf-8")
    faulty = mutate_code(sound, get_operator(mutant.operator)(), mutant.occurrence)
    if faulty is None:
        raise ValueError(f"{mutant} cannot be made")
    names = folder / "tests-to-try"
    names.write_text("\n".join(tests), encoding="utf-8")
    try:
        file.write_text(faulty, encoding="utf-8")
        return _failure(folder, f"@{names}") is not None
    finally:
        file.write_text(sound, encoding="utf-8")


def _failure(folder: Path, *arguments: str | Path) -> str | None:
    """The end of what pytest said, where a test failed."""
    # its own files come before what is installed
    here = f"env --chdir={shlex.quote(str(folder))} PYTHONPATH={shlex.quote(str(folder))}"
    asked = shlex.join([str(PYTHON), "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"])
    outcome, said = run_tests(f"{here} {asked} {shlex.join(map(str, arguments))}", MOST_SECONDS)
    return str(said)[-MOST_SAID:] if outcome == TestOutcome.KILLED else None


def reached_by_tests(folder: Path) -> dict[str, Reached]:
    """What each test of the suites enters. Ends the command where one fails without any fault."""
    file = folder / "reached.json"
    asked = ("-p", "bench.reached", "--reached", file, "--reached-in", ",".join(FOLDERS))
    if said := _failure(folder, *SUITES, *asked):
        sys.exit(f"The suites fail without any fault: make them pass first. They say:\n{said}")
    told = json.loads(file.read_text(encoding="utf-8"))
    return {name: Reached(seconds, frozenset(there)) for name, (seconds, there) in told.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, default=100, help="how many faults are tried")
    options.add_argument("--seed", type=int, default=1, help="another one draws others")
    options.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="how many are tried at a time"
    )
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tidegate-mutants-") as folder:
        copies = [Path(folder) / str(number) for number in range(chosen.processes)]
        for copy in copies:
            subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True, timeout=60)
        reached = reached_by_tests(copies[0])
        found = list(mutants(copies[0]))
        sample = random.Random(chosen.seed).sample(found, min(chosen.sample, len(found)))
        print(_share(_unseen(copies, sample, reached), len(sample), len(found)))


def _unseen(
    copies: Sequence[Path], sample: Sequence[Mutant], reached: Mapping[str, Reached]
) -> list[Mutant]:
    """Those of `sample` that no test sees: as many are tried at a time as there are `copies`."""
    free, told = SimpleQueue[Path](), itertools.count(1)
    for copy in copies:
        free.put(copy)

    def told_unseen(mutant: Mutant) -> bool:
        copy = free.get()
        try:
            seen = is_seen(copy, mutant, tests_of(mutant, copy, reached))
        finally:
            free.put(copy)
        print(f"{next(told)}/{len(sample)} {'seen' if seen else 'NOT SEEN'}: {mutant}", flush=True)
        return not seen

    with ThreadPoolExecutor(len(copies)) as pool:
        return list(itertools.compress(sample, pool.map(told_unseen, sample)))


def _share(unseen: Sequence[Mutant], tried: int, possible: int) -> str:
    share = 1 - len(unseen) / tried
    error = NORMAL_DEVIATE * math.sqrt(share * (1 - share) / tried)
    return "\n".join(
        [
            f"{share:.0%} of {tried} mutants seen (of {possible} that can be made; "
            f"+- {error:.0%}). Not seen:",
            *(f"  {mutant}" for mutant in sorted(unseen, key=str)),
        ]
    )


if __name__ == "__main__":
    main()
