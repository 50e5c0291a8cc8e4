"""Logs of the control plane, while a process writes them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from control import log_files
from control.log_files import shorten


@pytest.fixture(autouse=True)
def most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "MOST_BYTES", 100)


def test_a_long_log_begins_anew_and_its_writer_goes_on_in_it(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("a") as writer:
        for text in ("a" * 101, "b" * 101):
            writer.write(text)
            writer.flush()
            shorten(tmp_path)
        writer.write("later\n")
    assert log.read_text() == "later\n"
    earlier = tmp_path / "worker.log.1"
    assert earlier.read_text() == "b" * 100
    assert earlier.stat().st_mode & 0o077 == 0
    assert {*os.listdir(tmp_path)} == {"worker.log", "worker.log.1"}


def test_what_is_short_or_no_log_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text("a" * 100)
    (tmp_path / "registered.json").write_text("a" * 101)
    shorten(tmp_path)
    assert {*os.listdir(tmp_path)} == {"server.log", "registered.json"}
    assert (tmp_path / "server.log").stat().st_size == 100


def test_where_there_is_no_room_for_a_copy_the_log_begins_anew_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(old: object, new: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    for name in ("server.log", "worker.log"):
        (tmp_path / name).write_text("a" * 101)
    shorten(tmp_path)
    assert {one.name: one.stat().st_size for one in tmp_path.iterdir()} == {
        "server.log": 0,
        "worker.log": 0,
    }
