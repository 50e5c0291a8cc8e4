"""What each test of the suites carries out, recorded once for a commit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.mutants.choosing import Reached, read_reached
from setup.places import CACHE, PYTHON

FOLDERS = ("flows", "tasks")
# Nothing of them needs an engine. The tests of style and documents see none.
SUITES = (
    ("tests/flows",),
    (
        "tests/unit",
        "tests/integration/test_check.py",
        "tests/integration/test_init.py",
        "--ignore-glob=tests/unit/test_house*",
        "--ignore-glob=tests/unit/test_doc*",
        "--ignore=tests/unit/test_manual.py",
        "--ignore=tests/unit/test_packaging.py",
    ),
)
"""Each is recorded by itself, two at a time where there are two copies."""
MOST_SECONDS = 3600
HAS_FAILED = 1
"""How pytest ends where a test fails."""
MOST_SAID = 2000


def reached_by_tests(copies: Sequence[Path], commit: str) -> Reached:
    """Tests that fail without any fault are named and not tried. Ends the command where pytest
    cannot carry out the others."""
    kept = CACHE / f"reached-{commit}.json"
    if not kept.exists():
        print("recording what each test carries out", flush=True)
        with ThreadPoolExecutor(len(copies)) as pool:
            places = [copies[number % len(copies)] for number in range(len(SUITES))]
            told = list(pool.map(_recorded, places, SUITES))
        CACHE.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(told), encoding="utf-8")
    return read_reached(kept)


def environment_of(folder: Path) -> dict[str, str]:
    """Its own files come before what is installed; what is compiled of a file with a fault is not
    kept."""
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def _recorded(folder: Path, suite: Sequence[str]) -> Any:
    file = folder / f"reached-{SUITES.index(tuple(suite))}.json"
    asked = ("-q", "-p", "no:cacheprovider", "-p", "bench.mutants.reached", "--reached", file)
    ended = subprocess.run(
        [PYTHON, "-m", "pytest", *asked, "--reached-in", ",".join(FOLDERS), *suite],
        cwd=folder,
        env=environment_of(folder),
        timeout=MOST_SECONDS,
        check=False,
        capture_output=True,
        text=True,
    )
    if ended.returncode > HAS_FAILED:
        sys.exit(f"The suites cannot be recorded. They say:\n{ended.stdout[-MOST_SAID:]}")
    if ended.returncode:
        print(f"fails without any fault, so it is not tried:\n{ended.stdout[-MOST_SAID:]}")
    return json.loads(file.read_text(encoding="utf-8"))
