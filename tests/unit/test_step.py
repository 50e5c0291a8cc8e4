"""A step on a real ledger: done once, failing with a clean text, refused when somebody has taken
over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prefect.client.schemas.objects import TaskRun
from prefect.logging import disable_run_logger
from prefect.states import Failed

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.step import Evidence, is_retryable, step
from tasks.frame.work import Work
from tests.unit.ledger_parts import Clock, deploy
from tests.unit.plans import COMMIT
from tidegate.errors import EngineError, FencedError, SmokeError, TidegateError
from tidegate.ledger import Ledger
from tidegate.ledger.tables import Step
from tidegate.policy.states import DeploymentState as S
from tidegate.secrecy.redaction import Redactor
from tidegate.versions import Version

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def _outside_a_run() -> Iterator[None]:
    with disable_run_logger():
        yield


@pytest.fixture
def work(ledger: Ledger) -> Work:
    """A deployment that is being changed, under its lock."""
    env = SimpleNamespace(
        stack=SimpleNamespace(name="cloudlens"),
        name="prod",
        ledger=ledger,
        redactor=Redactor({"MYSQL_PASSWORD": SECRET}),
    )
    deployment = deploy(ledger, "v1.1.0", S.CHANGING)
    lock = ledger.locks.acquire("cloudlens", "prod", deployment.key, ttl_seconds=60)
    return Work(
        env=cast(OpenEnvironment, env),
        deployment=deployment,
        version=Version("v1.1.0", COMMIT),
        pins={},
        lock=lock,
    )


class Counting:
    """A step's function that counts how often it changed something, and then does what it is
    told."""

    def __init__(self, then: Callable[[Work], Evidence] = lambda work: {"seen": 1}) -> None:
        self.calls, self._then = 0, then

    def __call__(self, work: Work) -> Evidence:
        self.calls += 1
        return self._then(work)

    def run(self, work: Work) -> Evidence:
        def shift_traffic(work: Work) -> Evidence:
            return self(work)

        return step("shift-traffic", timeout_seconds=10)(shift_traffic).fn(work)


def failing(error: BaseException) -> Counting:
    def fail(work: Work) -> Evidence:
        raise error

    return Counting(fail)


def journaled(work: Work) -> Step:
    row = work.env.ledger.journal.get(work.key("shift-traffic"))
    assert row is not None
    return row


def take_over(work: Work) -> Evidence:
    work.env.ledger.locks.acquire(
        "cloudlens", "prod", "rollback/run-2", ttl_seconds=60, take_over=True
    )
    return {"switched": True}


def test_what_is_done_is_not_done_twice(work: Work) -> None:
    switch = Counting()
    assert [switch.run(work), switch.run(work)] == [{"seen": 1}, {"seen": 1}]
    assert switch.calls == 1
    assert journaled(work).attempts == 1


def test_what_was_done_by_a_killed_run_is_not_done_again_by_its_successor(
    work: Work, clock: Clock
) -> None:
    Counting().run(work)
    clock.tick(60)
    again = Counting(lambda work: {"seen": 2})
    later = replace(
        work,
        lock=work.env.ledger.locks.acquire(
            "cloudlens", "prod", work.deployment.key, ttl_seconds=60
        ),
    )
    assert again.run(later) == {"seen": 1}
    assert again.calls == 0


def test_the_intent_is_written_before_the_change(work: Work) -> None:
    seen: list[str] = []

    def look(work: Work) -> Evidence:
        seen.append(journaled(work).state)
        return {}

    Counting(look).run(work)
    assert seen == ["intended"]
    assert journaled(work).state == "done"


def test_a_step_that_was_killed_is_begun_again_and_counted(work: Work) -> None:
    class KillError(BaseException): ...

    with pytest.raises(KillError):
        failing(KillError()).run(work)
    assert journaled(work).state == "intended"
    Counting().run(work)
    assert (journaled(work).state, journaled(work).attempts) == ("done", 2)


def test_a_failed_step_may_be_tried_again(work: Work) -> None:
    with pytest.raises(EngineError):
        failing(EngineError("starting", "no answer", "Try again")).run(work)
    assert (journaled(work).state, journaled(work).error) == (
        "failed",
        "starting: no answer. Try again",
    )
    assert Counting().run(work) == {"seen": 1}
    assert journaled(work).error is None


def test_a_defect_with_a_secret_in_it_leaves_as_an_error_of_ours_without_it(work: Work) -> None:
    """Prefect puts an exception's text into the state of the run, where everybody reads it."""
    with pytest.raises(TidegateError, match="met a KeyError") as raised:
        failing(KeyError(f"no {SECRET}")).run(work)
    assert SECRET not in repr(raised.value)
    assert journaled(work).error == "KeyError('no ***')"


def test_an_error_with_a_secret_in_it_leaves_without_it(work: Work) -> None:
    told = SmokeError(
        f"asking with {SECRET}", f"it said {SECRET}", f"Change {SECRET}", retryable=True
    )
    with pytest.raises(SmokeError) as raised:
        failing(told).run(work)
    assert str(raised.value) == "asking with ***: it said ***. Change ***"
    assert raised.value.retryable
    assert raised.value.__suppress_context__
    assert journaled(work).error == "asking with ***: it said ***. Change ***"


def test_a_defect_of_ours_is_journaled_and_raised_as_it_is(work: Work) -> None:
    with pytest.raises(KeyError):
        failing(KeyError("images")).run(work)
    assert journaled(work).state == "failed"
    assert journaled(work).error == "KeyError('images')"


def test_the_ledger_is_told_under_which_lock_a_step_was_begun(work: Work) -> None:
    Counting().run(work)
    assert work.fence == 1
    assert journaled(work).fence == work.fence


def test_a_late_owner_is_refused_before_it_changes_anything(work: Work) -> None:
    take_over(work)
    late = Counting()
    with pytest.raises(FencedError):
        late.run(work)
    assert late.calls == 0
    assert work.env.ledger.journal.get(work.key("shift-traffic")) is None


def test_an_owner_overtaken_in_the_middle_of_a_step_cannot_call_it_done(work: Work) -> None:
    with pytest.raises(FencedError):
        Counting(take_over).run(work)
    assert journaled(work).state == "intended"


def test_each_step_has_the_key_that_is_found_on_what_it_makes(work: Work) -> None:
    Counting().run(work)
    assert journaled(work).key == "prod/cloudlens/1/shift-traffic"


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (EngineError("a", "b", "c", retryable=True), True),
        (EngineError("a", "b", "c"), False),
        (TidegateError("a", "b", "c"), False),
        (KeyError("a"), False),
    ],
)
def test_the_error_decides_whether_a_step_is_tried_again(error: Exception, again: bool) -> None:
    failed: Any = Failed(data=error)
    assert is_retryable(None, cast(TaskRun, None), failed) is again


def test_a_step_never_trusts_prefects_cache_and_has_a_time_limit(work: Work) -> None:
    made = step("pull-images", timeout_seconds=7, retry_delays=(1, 2))(Counting().run)
    assert (made.timeout_seconds, made.retries, made.retry_delay_seconds) == (7.0, 2, [1, 2])
    assert made.persist_result is False
    assert made.task_run_name == "pull images {work.title}"
