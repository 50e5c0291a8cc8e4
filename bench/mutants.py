"""`make mutants`: how many small faults in `flows/` and `tasks/` do the fast suites see? Cosmic Ray
makes the faults.

It draws a sample, so that it ends within an hour: the share that it prints is an estimate. Those
that nobody saw are named, and each is a test that is missing or a change that changes nothing.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import random
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
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
# The stories of the flows see most; the tests of style and documents see none.
SUITES = (
    "-m pytest -x -q -p no:cacheprovider tests/flows/test_stories.py tests/flows tests/unit "
    "--ignore-glob=tests/unit/test_house* --ignore-glob=tests/unit/test_doc* "
    "--ignore=tests/unit/test_manual.py --ignore=tests/unit/test_packaging.py"
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


def is_seen(folder: Path, mutant: Mutant) -> bool:
    """Whether a test fails, or does not end, with the fault in its place in the clone `folder`."""
    file = folder / mutant.file
    sound = file.read_text(encoding="utf-8")
    faulty = mutate_code(sound, get_operator(mutant.operator)(), mutant.occurrence)
    if faulty is None:
        raise ValueError(f"{mutant} cannot be made")
    try:
        file.write_text(faulty, encoding="utf-8")
        return _failure(folder) is not None
    finally:
        file.write_text(sound, encoding="utf-8")


def _failure(folder: Path) -> str | None:
    """The end of what the suites said, where a test failed."""
    # its own files come before what is installed
    here = f"env --chdir={shlex.quote(str(folder))} PYTHONPATH={shlex.quote(str(folder))}"
    outcome, said = run_tests(f"{here} {shlex.quote(str(PYTHON))} {SUITES}", MOST_SECONDS)
    return str(said)[-MOST_SAID:] if outcome == TestOutcome.KILLED else None


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, default=60, help="how many faults are tried")
    options.add_argument("--seed", type=int, default=1, help="another one draws others")
    options.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="how many are tried at a time"
    )
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tidegate-mutants-") as folder:
        copies = [Path(folder) / str(number) for number in range(chosen.processes)]
        for copy in copies:
            subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True, timeout=60)
        if said := _failure(copies[0]):
            sys.exit(f"The suites fail without any fault: make them pass first. They say:\n{said}")
        found = list(mutants(copies[0]))
        sample = random.Random(chosen.seed).sample(found, min(chosen.sample, len(found)))
        print(_share(_unseen(copies, sample), len(sample), len(found)))


def _unseen(copies: Sequence[Path], sample: Sequence[Mutant]) -> list[Mutant]:
    """Those of `sample` that no test sees: as many are tried at a time as there are `copies`."""
    free, told = SimpleQueue[Path](), itertools.count(1)
    for copy in copies:
        free.put(copy)

    def told_unseen(mutant: Mutant) -> bool:
        copy = free.get()
        try:
            seen = is_seen(copy, mutant)
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
