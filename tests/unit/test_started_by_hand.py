"""Whose containers are Tidegate's: those of every environment that a stack file or the ledger
names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.data import by_hand
from tasks.data.by_hand import known_projects


def test_projects_are_known_by_the_ledger_and_by_every_stack_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stacks = SimpleNamespace(places={"shop-prod": 1, "blog-prod": 2}, base_projects={"umami"})
    monkeypatch.setattr(by_hand, "every_stack", lambda folder: stacks)
    places = [("shop", "prod"), ("gone", "staging")]
    env: Any = SimpleNamespace(
        ledger=SimpleNamespace(deployments=SimpleNamespace(places=lambda: places)),
        settings=SimpleNamespace(stacks=None),
    )
    assert known_projects(env) == {"shop-prod", "blog-prod", "gone-staging", "umami"}
