"""A look at all stacks reads each stack file once, however many there are: a look comes every
minute."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.watch import watch
from tests.e2e.in_process import run_here
from tests.installation import SHOP, Installation, add_stack

MANY = [SHOP.replace("shop", f"stall{number}") for number in range(4)]
_counters: list[Counter[str]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _counters and str(arguments[0]).endswith("/stack.yaml"):
        _counters[0][Path(str(arguments[0])).parent.name] += 1


sys.addaudithook(_note)  # Python tells of each file that is opened, and takes no hook back


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """How often the stack file of each folder is opened by this process."""
    counter: Counter[str] = Counter()
    _counters.append(counter)
    try:
        yield counter
    finally:
        _counters.clear()


@pytest.fixture(scope="module")
def many(tidegate: Installation) -> Iterator[list[str]]:
    for name in MANY:
        add_stack(tidegate.settings, name)
    yield MANY
    for name in MANY:
        tidegate.retire(name)


def test_a_look_at_all_stacks_reads_each_stack_file_once(many: list[str]) -> None:
    with counted() as opened:
        run_here(watch)
    assert {name: opened[name] for name in many} == dict.fromkeys(many, 1)
    assert set(opened.values()) == {1}, opened


def test_a_look_at_one_stack_reads_no_file_twice(many: list[str]) -> None:
    with counted() as opened:
        assert run_here(watch, stack=many[0]).is_completed()
    assert set(opened.values()) == {1}, opened
