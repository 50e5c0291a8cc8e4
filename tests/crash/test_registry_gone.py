"""The registry goes away before a release, in the middle of a push, and when a rollback needs it:
what serves goes on."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest
from prefect.client.schemas.objects import State

from blocks.edges.traefik.edge import TraefikEdge
from tasks.frame.adapters import load
from tests.crash.matrix import REGISTRY_GONE, REGISTRY_GONE_AT_PULL, REGISTRY_GONE_AT_PUSH
from tests.crash.rows import Row, keep
from tests.crash.whole import next_version, steady
from tests.e2e.in_process import (
    assert_true_and_clean,
    engine,
    nothing_left_of,
    release_here,
    roll_back_here,
    slots,
)
from tests.installation import Installation, add_stack
from tests.real_registry import RealRegistry, running_registry
from tidegate.ledger.tables import Deployment
from tidegate.pages.fault_words import ZH

pytestmark = pytest.mark.crash_only(
    "a registry and two releases of its own; the engine itself pushes for 50 s"
)
PIER = (
    "pier" + os.environ.get("TIDEGATE_TEST_SUFFIX", "") + os.environ.get("PYTEST_XDIST_WORKER", "")
)
MOST_SECONDS = 180


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture(scope="module")
def pier(tidegate: Installation, registry: RealRegistry) -> Iterator[str]:
    """A stack whose host has a registry, of which two versions were good."""
    engine(tidegate).save(PIER)
    load(TraefikEdge, "local").save(PIER)
    registry.block.save(PIER)
    add_stack(
        tidegate.settings,
        PIER,
        environments=("prod",),
        changes={
            "environments.prod.host": PIER,
            "environments.prod.approval": False,
            "environments.prod.drain_seconds": 1,
            "smoke_repeat_seconds": 0,
        },
    )
    for version in ("v1.0.0", "v1.1.0"):
        good(release_here(PIER, version))
    yield PIER
    tidegate.retire(PIER)


@pytest.fixture
def registry_again(registry: RealRegistry) -> Iterator[RealRegistry]:
    """Whatever a test did to it."""
    yield registry
    registry.stop()
    registry.start()


def good(state: State[object]) -> None:
    assert state.is_completed(), state.message


def newest(tidegate: Installation) -> Deployment:
    return tidegate.history(PIER)[0]


def one_clear_error(state: State[object], registry: RealRegistry) -> None:
    """A registry's error that names it and says what to do; no trace of others."""
    assert state.is_failed()
    assert ZH["RegistryError"] in (state.message or "")
    assert registry.address in (state.message or "")
    assert "Check the " in (state.message or "")
    assert "\n" not in (state.message or "").strip()


def test_a_release_without_its_registry_changes_nothing_and_succeeds_once_it_is_back(
    tidegate: Installation, pier: str, registry_again: RealRegistry
) -> None:
    before, after = newest(tidegate), next_version(tidegate, pier)
    with steady(tidegate, pier) as visitors:
        registry_again.stop()
        gone = time.monotonic()
        one_clear_error(release_here(pier, after), registry_again)
        seconds = time.monotonic() - gone
        assert newest(tidegate).id == before.id
        assert_true_and_clean(tidegate, pier, before)
        registry_again.start()
        good(release_here(pier, after))
    assert newest(tidegate).release.images["backend"].startswith(f"{registry_again.address}/")
    assert_true_and_clean(tidegate, pier, newest(tidegate))
    assert visitors.lost == 0, visitors.faults
    keep(Row(REGISTRY_GONE, "old", visitors.lost, visitors.figures.total, seconds))


def test_a_registry_that_goes_in_the_middle_of_a_push_changes_nothing_and_the_next_release_succeeds(
    tidegate: Installation, pier: str, registry_again: RealRegistry
) -> None:
    before, after, gone = newest(tidegate), next_version(tidegate, pier), list[float]()

    def go_at_push() -> None:
        end = time.monotonic() + MOST_SECONDS
        while not registry_again.uploads and time.monotonic() < end:
            time.sleep(0.01)
        registry_again.stop()
        gone.append(time.monotonic())

    registry_again.stop()
    registry_again.set_aside()
    registry_again.start()
    with steady(tidegate, pier) as visitors:
        watcher = threading.Thread(target=go_at_push)
        watcher.start()
        state = release_here(pier, after)
        watcher.join()
        seconds = time.monotonic() - gone[0]
        one_clear_error(state, registry_again)
        assert newest(tidegate).id == before.id
        assert_true_and_clean(tidegate, pier, before)
        registry_again.take_back()
        registry_again.start()
        good(release_here(pier, after))
    assert_true_and_clean(tidegate, pier, newest(tidegate))
    assert visitors.lost == 0, visitors.faults
    keep(Row(REGISTRY_GONE_AT_PUSH, "old", visitors.lost, visitors.figures.total, seconds))


def test_a_rollback_that_needs_an_image_is_refused_before_anything_moves_and_succeeds_once_the_registry_is_back(
    tidegate: Installation, pier: str, registry_again: RealRegistry
) -> None:
    serves, target = newest(tidegate), tidegate.history(pier)[1]
    with steady(tidegate, pier) as visitors:
        forget(tidegate, target)
        registry_again.stop()
        gone = time.monotonic()
        one_clear_error(roll_back_here(pier), registry_again)
        seconds = time.monotonic() - gone
        refused = newest(tidegate)
        assert (refused.kind, refused.state.value) == ("rollback", "rejected")
        assert [row.name for row in tidegate.ledger.journal.steps(refused.id)] == [
            "plan",
            "refuse-lossy",
            "find-images",
        ]
        assert nothing_left_of(tidegate, target.slot)
        assert_true_and_clean(tidegate, pier, serves)

        registry_again.start()
        good(roll_back_here(pier))
    back = newest(tidegate)
    assert (back.kind, back.version, back.origin_id) == ("rollback", target.version, target.id)
    assert pulled(tidegate, target)
    assert_true_and_clean(tidegate, pier, back)
    assert visitors.lost == 0, visitors.faults
    keep(Row(REGISTRY_GONE_AT_PULL, "old", visitors.lost, visitors.figures.total, seconds))


def forget(tidegate: Installation, deployment: Deployment) -> None:
    """Neither its slot nor its image is on the engine any more."""
    client = engine(tidegate).client
    assert slots(tidegate, PIER)[deployment.slot] == "exited"
    engine_pin = deployment.release.images["backend"]
    for container in client.containers.list(
        all=True, filters={"label": f"com.docker.compose.project={deployment.slot}"}
    ):
        container.remove()
    client.images.remove(str(client.images.get(engine_pin).id), force=True)
    assert not pulled(tidegate, deployment)


def pulled(tidegate: Installation, deployment: Deployment) -> bool:
    """Whether the engine has the image by its digest."""
    pin = deployment.release.images["backend"]
    return any(
        pin in (image.attrs["RepoDigests"] or []) for image in engine(tidegate).client.images.list()
    )
