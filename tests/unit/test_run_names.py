"""A worker knows the process of a run by its name again."""

from __future__ import annotations

from uuid import UUID

from control.run_body import name_of


def test_runs_of_one_minute_have_names_of_their_own_that_linux_keeps_whole() -> None:
    ids = (f"01a21b3c-{at:04x}-7000-8000-{at * 7919:012x}" for at in range(60))
    names = {name_of(UUID(one)) for one in ids}
    assert len(names) == 60
    assert all(len(name.encode()) <= 15 for name in names)
