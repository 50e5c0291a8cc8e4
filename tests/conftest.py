"""Fixtures that several kinds of test share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.extent import IS_WHOLE
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
    """What takes minutes, or shows with real parts once more what a quicker test shows, is for
    `make crash`."""
    if not IS_WHOLE:
        config.hook.pytest_deselected(items=[item for item in items if is_left_out(item)])
        items[:] = [item for item in items if not is_left_out(item)]


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not look at it again, a thousand times."""
    gc.collect()
    gc.freeze()


def is_left_out(item: pytest.Item) -> bool:
    """Whether `make test` leaves it out. The mark of a class may name those of its tests that stay:
    `crash_only(why, but=("test_one",))`."""
    mark = item.get_closest_marker("crash_only")
    if mark is None:
        return False
    stay = mark.kwargs.get("but", ())
    assert all(hasattr(getattr(item, "cls", None), name) for name in stay), f"none is called {stay}"
    return getattr(item, "originalname", item.name) not in stay


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
