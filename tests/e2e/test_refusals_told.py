"""What ends before it began is told, in the stack's language and with its reason first; a mere plan
is told to nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId

from tests.e2e.in_process import edit_stack, release_here, roll_back_here, run_here
from tests.e2e.notices import notices_of
from tests.e2e.releases import ended, start
from tests.installation import CABIN, Installation, add_stack
from tidegate.pages.fault_words import ZH

LOG_SECONDS = 20
JETTY = CABIN.replace("cabin", "jetty")
"""In Chinese, never released."""


@pytest.fixture(scope="module")
def jetty(tidegate: Installation) -> Iterator[str]:
    add_stack(tidegate.settings, JETTY)
    yield JETTY
    tidegate.retire(JETTY)


@pytest.fixture(scope="module")
def notices(tidegate: Installation, jetty: str) -> Iterator[list[str]]:
    with notices_of(tidegate, jetty) as texts:
        yield texts


@pytest.fixture
def told(notices: list[str]) -> list[str]:
    """Of this test alone."""
    notices.clear()
    return notices


def says(told: list[str], *wanted: str) -> None:
    (text,) = told
    assert [one for one in wanted if one not in text] == [], text


def test_a_version_that_is_none_is_told_to_whoever_is_told_of_releases(
    jetty: str, told: list[str]
) -> None:
    assert release_here(jetty, "v9.9.9", requested_by="mei").is_failed()
    says(
        told,
        "生产环境发布没有开始",
        "版本: v9.9.9",
        "申请人: mei",
        f"原因: {ZH['VersionError']}。",
        "没有任何改动",
    )


def test_a_version_on_hold_is_told(tidegate: Installation, jetty: str, told: list[str]) -> None:
    commit = commit_of(jetty, "v1.1.0")
    tidegate.ledger.holds.place(
        stack=jetty, version="v1.1.0", commit=commit, reason="sums are wrong", placed_by="mei"
    )
    assert release_here(jetty, "v1.1.0").is_failed()
    says(told, f"原因: {ZH['HeldError']}。", "sums are wrong")


def test_a_release_that_fails_before_staging_is_told(
    tidegate: Installation, jetty: str, told: list[str], tmp_path: Path
) -> None:
    before = repository_of(tidegate, jetty, str(tmp_path / "gone"))
    try:
        assert release_here(jetty, "v1.0.0").is_failed()
    finally:
        repository_of(tidegate, jetty, before)
    says(told, "生产环境发布没有开始", "fetching the repository")


def test_a_rollback_that_has_nowhere_to_go_is_told(jetty: str, told: list[str]) -> None:
    assert roll_back_here(jetty, requested_by="mei").is_failed()
    says(told, "生产环境回滚没有开始", "申请人: mei", f"原因: {ZH['InputError']}。")


def test_a_restore_without_a_backup_is_told(jetty: str, told: list[str]) -> None:
    from flows.restore import restore

    assert run_here(
        restore, stack=jetty, environment="prod", reason="rows are gone", requested_by="mei"
    ).is_failed()
    says(told, "生产环境恢复数据没有开始")


def test_a_mere_plan_is_told_to_nobody(jetty: str, told: list[str]) -> None:
    assert release_here(jetty, "v9.9.9", plan_only=True).is_failed()
    assert told == []


def test_the_page_of_a_failed_run_says_why_in_its_language_and_shows_no_traceback(
    tidegate: Installation,
) -> None:
    run = start("release/prod", stack=CABIN, version="v9.9.9", requested_by="mei")
    state = ended(run)
    assert str(state.message).startswith(f"{ZH['VersionError']}。"), state.message
    lines = log_with(run, ZH["VersionError"])
    assert [line for line in lines if "Traceback" in line] == []


def log_with(run: UUID, wanted: str) -> list[str]:
    """The log of a run, which comes some time after its end."""
    end = time.monotonic() + LOG_SECONDS
    with get_client(sync_client=True) as client:
        while True:
            lines = [
                one.message
                for one in client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run])))
            ]
            if any(wanted in line for line in lines):
                return lines
            assert time.monotonic() < end, lines
            time.sleep(0.3)


def commit_of(stack: str, version: str) -> str:
    from tasks.frame.environments import open_environment

    source = open_environment(stack, "prod").source
    assert source is not None
    return source.resolve(version).commit.sha


def repository_of(tidegate: Installation, stack: str, repository: str) -> str:
    """Another repository from now on; the one before."""
    before: list[str] = []

    def change(content: dict[str, Any]) -> None:
        before.append(content["source"]["repository"])
        content["source"]["repository"] = repository

    edit_stack(tidegate, stack, change)
    return before[0]
