"""The umask belongs to the whole process: threads that narrow it leave it as it was."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from tidegate.secrecy.kept import private_umask


@pytest.fixture(autouse=True)
def ordinary() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def now() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def test_it_holds_inside_and_not_afterwards() -> None:
    seen = []

    def fail() -> None:
        with private_umask():
            seen.append(now())
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert [*seen, now()] == [0o077, 0o022]


def test_of_two_threads_the_last_one_gives_it_back() -> None:
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with private_umask():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)
    with private_umask():
        leave.set()
        thread.join(10)
        assert now() == 0o077
    assert now() == 0o022
