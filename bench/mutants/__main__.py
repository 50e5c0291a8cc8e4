"""`make mutants`: how many small faults in `flows/` and `tasks/` are seen without a Docker engine?
Cosmic Ray makes the faults.

Of each it tries the tests that carry out its line, some of each kind and the quickest first. It
draws a sample, so the share that it prints is an estimate. Those that nobody saw are named, and
each is a test that is missing or a change that changes nothing. The kinds of faults that nobody
could notice, and operators of which another one says as much, are left out, and said to be.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from bench.mutants.choosing import Reached, chosen_tests
from bench.mutants.faults import found_mutants
from bench.mutants.mutant import Mutant
from bench.mutants.recording import FOLDERS, environment_of, reached_by_tests
from setup.places import PYTHON, ROOT

PYTEST = ("-x", "-q", "-p", "no:cacheprovider")
MOST_START_SECONDS = 120
SLOWER = 5
"""So many times as long as without the fault, and a start: who takes longer does not end."""
NORMAL_DEVIATE = 1.96  # of 95 %


@dataclass
class Copy:
    """A clone in `folder`, where faults are put in, and a process that tries tests against it."""

    folder: Path
    process: subprocess.Popen[str]

    def sees(self, mutant: Mutant, tests: Sequence[str], most_seconds: float) -> bool:
        """Whether one of `tests` fails, or does not end, with the fault in its place, and passes
        without it, after the same others: it may need what they have left."""
        if not tests:
            return False
        file = self.folder / mutant.file
        sound = file.read_text(encoding="utf-8")
        faulty = mutate_code(sound, get_operator(mutant.operator)(), mutant.occurrence)
        if faulty is None:
            raise ValueError(f"{mutant} cannot be made")
        limit = MOST_START_SECONDS + SLOWER * most_seconds
        try:
            file.write_text(faulty, encoding="utf-8")
            ended, begun = self._try(tests, limit)
        finally:
            file.write_text(sound, encoding="utf-8")
        return ended != 0 and self._try(tests[:begun] or tests, limit)[0] == 0

    def _try(self, tests: Sequence[str], seconds: float) -> tuple[int, int]:
        """How it ended, and how many of the tests were begun."""
        names = self.folder / "tests-to-try"
        names.write_text("\n".join(tests), encoding="utf-8")
        told, said = self.process.stdin, self.process.stdout
        if told is None or said is None:
            raise ValueError("it was opened with both")
        told.write(json.dumps({"arguments": [*PYTEST, f"@{names}"], "seconds": seconds}) + "\n")
        told.flush()
        ended, begun = json.loads(said.readline())
        return ended, begun


@contextmanager
def opened_copy(folder: Path) -> Iterator[Copy]:
    """Its process ends with it."""
    with subprocess.Popen(
        [PYTHON, "-m", "bench.mutants.trying"],
        cwd=folder,
        env=environment_of(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Copy(folder, process)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, default=100, help="how many faults are tried")
    options.add_argument("--seed", type=int, default=1, help="another one draws others")
    options.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="how many are tried at a time"
    )
    options.add_argument(
        "--seconds", type=float, default=60, help="how long the tests of one fault take without it"
    )
    options.add_argument(
        "--every-operator", action="store_true", help="also where another one says as much"
    )
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="tidegate-mutants-") as folder:
        copies = [Path(folder) / str(number) for number in range(chosen.processes)]
        for copy in copies:
            subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True, timeout=60)
        reached = reached_by_tests(copies, _commit(copies[0]))
        found, left_out = found_mutants(copies[0], FOLDERS, every_operator=chosen.every_operator)
        sample = random.Random(chosen.seed).sample(found, min(chosen.sample, len(found)))
        with ExitStack() as stack:
            opened = [stack.enter_context(opened_copy(copy)) for copy in copies]
            unseen = _unseen(opened, sample, reached, chosen.seconds)
    print(_share(unseen, len(sample), len(found)))
    print(_limits(left_out, chosen.seconds))


def _commit(copy: Path) -> str:
    said = subprocess.run(
        ["git", "-C", copy, "rev-parse", "HEAD"],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    return said.stdout.strip()


def _unseen(
    copies: Sequence[Copy], sample: Sequence[Mutant], reached: Reached, most_seconds: float
) -> list[Mutant]:
    """Those of `sample` that no test sees: as many are tried at a time as there are `copies`."""
    free, told = SimpleQueue[Copy](), itertools.count(1)
    for copy in copies:
        free.put(copy)

    def told_unseen(mutant: Mutant) -> bool:
        copy = free.get()
        try:
            tests = chosen_tests(mutant, copy.folder, reached, most_seconds)
            seen = copy.sees(mutant, tests, most_seconds)
        finally:
            free.put(copy)
        said = "seen" if seen else f"NOT SEEN by {len(tests)} tests"
        print(f"{next(told)}/{len(sample)} {said}: {mutant}", flush=True)
        return not seen

    with ThreadPoolExecutor(len(copies)) as pool:
        return list(itertools.compress(sample, pool.map(told_unseen, sample)))


def _share(unseen: Sequence[Mutant], tried: int, possible: int) -> str:
    share = 1 - len(unseen) / tried
    error = NORMAL_DEVIATE * math.sqrt(share * (1 - share) / tried)
    return "\n".join(
        [
            f"{share:.0%} of {tried} mutants seen (of {possible} that are tried; "
            f"+- {error:.0%}). Not seen:",
            *(f"  {mutant}" for mutant in sorted(unseen, key=str)),
        ]
    )


def _limits(left_out: Counter[str], most_seconds: float) -> str:
    return "\n".join(
        [
            f"Of each were tried tests of {most_seconds:.0f} s, of all that carry out its line. "
            "Left out, as nobody could notice them or another says as much:",
            *(f"  {count} of {why}" for why, count in left_out.most_common()),
        ]
    )


if __name__ == "__main__":
    main()
