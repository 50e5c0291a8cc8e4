"""Releases of one stack: one after the other, the same one again, and two at once. `make crash`
shows with real parts what tests/flows show in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Crashed

from cli.demo_traffic import SteadyClient
from flows.recover import recover
from tests.crash.made import until
from tests.e2e.in_process import (
    PATIENCE_SECONDS,
    assert_true_and_clean,
    engine,
    release_here,
    run_here,
    serving,
)
from tests.e2e.notices import notices_of
from tests.e2e.releases import ended, released, resume, start, suspended
from tests.installation import KIOSK, SHOP, Installation, domain_of
from tidegate.ledger.tables import Deployment
from tidegate.pages.fault_words import ZH

MOST_SECONDS = 120
LONG_SECONDS = 10


@pytest.fixture(scope="module")
def kiosk(tidegate: Installation) -> Iterator[str]:
    """Production alone, on v1.1.0."""
    state = release_here(KIOSK, "v1.1.0")
    assert state.is_completed(), state.message
    yield KIOSK
    tidegate.retire(KIOSK)


@pytest.fixture(scope="module")
def new_shop(tidegate: Installation) -> Iterator[str]:
    """Staging and production, on v1.0.0."""
    state = released(stack=SHOP, version="v1.0.0", watch_seconds=1, requested_by="tester")
    assert state.is_completed(), state.message
    yield SHOP
    tidegate.retire(SHOP)


@pytest.fixture(scope="module")
def shop(new_shop: str) -> str:
    """Staging and production, on v1.1.0."""
    state = released(stack=new_shop, version="v1.1.0", watch_seconds=1)
    assert state.is_completed(), state.message
    return new_shop


def containers(tidegate: Installation, stack: str) -> set[str]:
    found = engine(tidegate).client.containers.list(
        all=True, filters={"label": f"tidegate.stack={stack}"}
    )
    return {f"{one.id} {one.attrs['State']['StartedAt']}" for one in found}


def numbers(tidegate: Installation, stack: str) -> list[list[int]]:
    return [
        [one.number for one in tidegate.history(stack, environment)]
        for environment in ("staging", "prod")
    ]


def newest_in(tidegate: Installation, stack: str, state: str) -> Deployment:
    """The newest deployment, once it is in `state`."""
    end = time.monotonic() + MOST_SECONDS
    while (newest := tidegate.history(stack)[0]).state.value != state:
        assert time.monotonic() < end, f"#{newest.number} is still {newest.state}"
        time.sleep(0.1)
    return newest


@pytest.mark.crash_only("tests/e2e/test_acceptance.py: the same, approved in a browser")
def test_a_release_replaces_the_old_version_without_a_lost_request(
    tidegate: Installation, new_shop: str
) -> None:
    with SteadyClient(
        "prod",
        tidegate.plane.edge_url,
        domain_of(new_shop, "prod"),
        LONG_SECONDS,
        timeout_seconds=PATIENCE_SECONDS,
    ) as client:
        state = released(stack=new_shop, version="v1.1.0", watch_seconds=5, requested_by="tester")
    assert state.is_completed(), state.message
    assert tidegate.get(domain_of(new_shop, "prod")).json()["version"] == "v1.1.0"
    assert client.figures.total > 100
    assert client.figures.failed == 0, client.faults
    assert [one.state.value for one in tidegate.history(new_shop)] == ["good", "superseded"]
    assert tidegate.ledger.audit.verify().findings == ()


@pytest.mark.crash_only("tests/flows/test_waiting.py")
def test_a_second_release_of_the_same_version_changes_nothing(
    tidegate: Installation, kiosk: str
) -> None:
    before, there = numbers(tidegate, kiosk), containers(tidegate, kiosk)
    state = release_here(kiosk, "v1.1.0")
    assert state.is_completed()
    assert "v1.1.0 runs already as #" in (state.message or "")
    assert numbers(tidegate, kiosk) == before
    assert containers(tidegate, kiosk) == there


@pytest.mark.crash_only("tests/flows/test_waiting.py")
def test_the_same_version_again_asks_nobody_and_leaves_staging_alone_too(
    tidegate: Installation, shop: str
) -> None:
    before, there = numbers(tidegate, shop), containers(tidegate, shop)
    state = ended(start("release/prod", stack=shop, version="1.1.0"))
    assert state.is_completed()
    assert "v1.1.0 runs already as #" in (state.message or "")
    assert numbers(tidegate, shop) == before
    assert containers(tidegate, shop) == there


@pytest.mark.crash_only("tests/flows/test_waiting.py")
def test_the_same_version_with_another_configuration_is_another_release(
    tidegate: Installation, kiosk: str
) -> None:
    file = tidegate.settings.stacks / kiosk / ".env.production"
    before, kept = tidegate.history(kiosk)[0], file.read_text()
    file.write_text(kept.replace("LOG_LEVEL=WARNING", "LOG_LEVEL=ERROR"))
    try:
        state = release_here(kiosk, "v1.1.0")
    finally:
        file.write_text(kept)
    assert state.is_completed(), state.message
    newest = tidegate.history(kiosk)[0]
    assert newest.number == before.number + 1
    assert newest.release.images == before.release.images
    assert_true_and_clean(tidegate, kiosk, newest)


@pytest.mark.crash_only("tests/flows/test_guards.py: another release may come at any moment")
def test_a_release_that_meets_another_one_at_work_is_refused_before_anything_is_changed(
    tidegate: Installation, kiosk: str
) -> None:
    run = start("release/prod", stack=kiosk, version="v1.4.0", watch_seconds=15)
    first = newest_in(tidegate, kiosk, "watching")
    there = containers(tidegate, kiosk)
    state = release_here(kiosk, "v1.1.0")
    assert state.is_failed()
    assert ZH["LockedError"] in (state.message or "")
    assert f"{first.key} holds it since" in (state.message or "")
    assert tidegate.history(kiosk)[0].id == first.id
    assert containers(tidegate, kiosk) == there
    assert ended(run).is_completed()
    assert serving(tidegate, kiosk) == ("v1.4.0", first.number)


@pytest.mark.crash_only(
    "tests/flows/test_waiting.py; tests/integration/test_worker.py: a run that is cancelled"
)
def test_a_newer_release_overtakes_the_one_that_waits_for_a_person_and_each_end_is_told(
    tidegate: Installation, shop: str
) -> None:
    serves = tidegate.history(shop)[0]
    with notices_of(tidegate, shop) as told:
        older = start("release/prod", stack=shop, version="v1.4.0", requested_by="mei")
        suspended(older)
        waiting = newest_in(tidegate, shop, "waiting")
        staged = tidegate.history(shop, "staging")[0]
        newer = start("release/prod", stack=shop, version="v1.4.0")
        suspended(newer)
        state = ended(older)
        overtaker = tidegate.history(shop)[0].number
        resume(newer, decision="reject", reason="not today")
        assert ended(newer).is_failed()
    assert state.is_cancelled()
    assert f"overtaken by #{overtaker}" in (state.message or "")
    overtaken = tidegate.ledger.deployments.get(waiting.id)
    assert overtaken.state.value == "expired"
    assert f"overtaken by #{overtaker}" in overtaken.reason
    assert tidegate.history(shop, "staging")[0].id == staged.id
    assert_true_and_clean(tidegate, shop, serves)
    ends = [text for text in told if "验收地址" not in text]  # all but those that ask
    for text, said in zip(
        ends,
        (
            ("没有开始", f"已被更新的发布取代。overtaken by #{overtaker} v1.4.0", "申请人: mei"),
            ("未获批准", "决定人: Josh", "理由: not today"),
        ),
        strict=True,
    ):
        assert [one for one in said if one not in text] == [], text


@pytest.mark.crash_only(
    "tests/flows/test_waiting.py; tests/attacks/test_approval_is_about.py: of a real run"
)
def test_a_release_whose_run_is_over_before_anybody_decided_is_ended_by_recovery_and_told(
    tidegate: Installation, shop: str
) -> None:
    serves = tidegate.ledger.deployments.current(shop, "prod")
    assert serves is not None
    with notices_of(tidegate, shop) as told:
        run = start("release/prod", stack=shop, version="v1.4.0", requested_by="mei")
        suspended(run)
        waiting = newest_in(tidegate, shop, "waiting")
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run, Crashed(message="the machine went down"), force=True)
        run_here(recover)
        until(
            lambda: any("没有开始" in text for text in told), lambda: f"these came: {told}"
        )  # the crash starts recovery too
    assert tidegate.ledger.deployments.get(waiting.id).state.value == "expired"
    assert_true_and_clean(tidegate, shop, serves)
    [text] = [text for text in told if "验收地址" not in text]
    for said in (
        "生产环境发布没有开始",
        "申请人: mei",
        "运行在有人决定之前已经结束。its run is Crashed",
    ):
        assert said in text
