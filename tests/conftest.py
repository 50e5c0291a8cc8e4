"""Fixtures that several kinds of test share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.installation import (
    BARGE,
    CABIN,
    DEPOT,
    FERRY,
    KIOSK,
    MILL,
    ORCHID,
    QUAY,
    RAFT,
    SHOP,
    Installation,
    add_stack,
    installation,
)
from tidegate.secrecy import redaction
from tidegate.settings import Settings


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes minutes, or shows with real parts once more what tests/flows shows in memory, is
    for `make crash`."""
    if os.environ.get("TIDEGATE_CRASH") != "whole":
        config.hook.pytest_deselected(
            items=[item for item in items if item.get_closest_marker("crash_only")]
        )
        items[:] = [item for item in items if not item.get_closest_marker("crash_only")]


@pytest.fixture(autouse=True, scope="module")
def secrets_of_its_own() -> Iterator[None]:
    """What a module's worlds call secret would be hidden in the sentences of every later module."""
    with pytest.MonkeyPatch.context() as process:
        process.setattr(redaction, "_PROCESS", redaction.Redactor())
        yield


@pytest.fixture(scope="session")
def tidegate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One control plane for all tests that need one."""
    with installation(tmp_path_factory.mktemp("tidegate"), add_stacks) as started:
        yield started


def add_stacks(settings: Settings) -> None:
    """SHOP, and MILL and QUAY, which speak English, go to production by staging and an approval;
    the others have production alone, without asking. CABIN is never released."""
    quick = {
        "environments.staging.drain_seconds": 1,
        "environments.prod.drain_seconds": 1,
        "smoke_repeat_seconds": 0,
    }
    add_stack(settings, SHOP, changes=quick)
    add_stack(settings, MILL, changes={**quick, "title": "Mill", "language": "en"})
    add_stack(settings, QUAY, changes={**quick, "language": "en"})
    for name in (KIOSK, FERRY, DEPOT, BARGE, RAFT, ORCHID, CABIN):
        add_stack(
            settings,
            name,
            environments=("prod",),
            changes={
                "environments.prod.approval": False,
                "environments.prod.drain_seconds": 1,
                "smoke_repeat_seconds": 0,
            },
        )
