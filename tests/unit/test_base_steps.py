"""A change of base services: about which version it is, what its errors say, and how long people
waited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.data import base_changing
from tasks.data.base_changing import (
    note_outage,
    put_base_back,
    recreate_base,
    refuse_half_way_back,
    refuse_other_version,
    wait_for_base,
)
from tests.unit.ledger_parts import deploy
from tidegate.errors import EngineError, InputError, UnhealthyError
from tidegate.ledger import Ledger
from tidegate.policy.states import DeploymentState as S

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
UNHEALTHY = UnhealthyError("starting db", "its process ended", "Correct the application")


class Changing:
    """The database of an application is made anew."""

    def __init__(self, patch: pytest.MonkeyPatch, ledger: Ledger) -> None:
        self.done, self.rows = list[tuple[Any, ...]](), dict[str, Any]()
        self.waited, self.error = list[tuple[float, bool]](), False
        self.plan = SimpleNamespace(
            services=["db"], start_seconds=90, before={"db": "a1"}, is_closed=False
        )
        patch.setattr(base_changing, "plan_of", lambda work: self.plan)
        patch.setattr(base_changing, "wait_for", self._wait_for)
        patch.setattr(base_changing, "_seal", lambda work: SimpleNamespace(model="planned"))
        patch.setattr(
            base_changing, "seals", lambda settings: SimpleNamespace(before=lambda id: "kept")
        )
        self.work: Any = SimpleNamespace(
            env=SimpleNamespace(
                base_project="shop-prod",
                name="prod",
                settings=None,
                stack=SimpleNamespace(name="cloudlens"),
                base=SimpleNamespace(
                    recreate=lambda *given: self.done.append(("recreate", *given)),
                    put_back=lambda *given: self.done.append(("put back", *given)),
                ),
                ledger=SimpleNamespace(
                    journal=SimpleNamespace(get=self.rows.get), deployments=ledger.deployments
                ),
            ),
            deployment=SimpleNamespace(id="a", state=S.PLANNED, rollback_target_id=None),
            title="cloudlens prod #2",
            key=lambda step: step,
            check_fence=lambda: None,
        )

    def _wait_for(
        self,
        env: Any,
        project: str,
        services: set[str],
        budget: float,
        *,
        while_waiting: Any,
        proved_before: bool = False,
    ) -> float:
        self.waited.append((budget, proved_before))
        if self.error:
            raise UNHEALTHY
        return 3.14

    def take(self, step: Any) -> dict[str, Any]:
        found: dict[str, Any] = step.fn.__wrapped__(self.work)
        return found


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> Iterator[Changing]:
    with disable_run_logger():
        yield Changing(monkeypatch, ledger)


def test_it_is_about_the_version_that_serves(changing: Changing, ledger: Ledger) -> None:
    one = changing.work.deployment
    with pytest.raises(InputError, match="nothing serves by now"):
        refuse_other_version(changing.work)
    first = deploy(ledger, "v1")
    one.rollback_target_id = first.id
    refuse_other_version(changing.work)
    deploy(ledger, "v2")
    with pytest.raises(InputError, match="#2 v2 serves by now"):
        refuse_other_version(changing.work)
    one.state = S.CHANGING
    refuse_other_version(changing.work)


def test_one_that_was_half_put_back_is_not_begun_anew(changing: Changing) -> None:
    refuse_half_way_back(changing.work)
    changing.rows["put-base-back"] = SimpleNamespace(is_done=False)
    with pytest.raises(EngineError, match="it had failed"):
        refuse_half_way_back(changing.work)


def test_only_what_was_planned_is_made_anew(changing: Changing) -> None:
    assert changing.take(recreate_base)["services"] == ["db"]
    assert changing.done == [("recreate", "planned", "shop-prod", {"db": "a1"})]


def test_new_ones_must_prove_themselves_within_their_own_time(changing: Changing) -> None:
    assert changing.take(wait_for_base) == {"seconds": 3.1}
    assert changing.waited == [(90, False)]
    changing.error = True
    with pytest.raises(UnhealthyError) as raised:
        changing.take(wait_for_base)
    assert raised.value.to_do == "Correct the compose files, then start it again"
    assert raised.value.came_back == "its process ended"


def test_what_ran_before_runs_again_where_something_was_changed(changing: Changing) -> None:
    assert changing.take(put_base_back) == {"services": [], "why": "nothing was changed"}
    assert changing.done == []
    changing.rows["recreate-base"] = SimpleNamespace(is_done=False)
    assert changing.take(put_base_back) == {"services": ["db"]}
    assert changing.done == [("put back", "kept", "put-base-back")]
    assert changing.waited == [(300, True)]


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        (None, False),
        (SimpleNamespace(is_done=False, evidence={}), False),
        (SimpleNamespace(is_done=True, evidence={"backup": "b1"}), True),
    ],
)
def test_where_that_does_not_run_either_the_backup_is_named(
    changing: Changing, saved: Any, said: bool
) -> None:
    changing.rows.update({"recreate-base": 1, "save-present": saved})
    changing.error = True
    with pytest.raises(EngineError) as raised:
        changing.take(put_base_back)
    told = raised.value.to_do
    assert told.startswith("No volume was removed.")
    assert ("The backup b1 holds what was there before the change." in told) is said
    assert "Correct what the log of db names" in told


@pytest.mark.parametrize(
    ("closed", "begun", "ended", "seconds"),
    [
        (False, "recreate-base", "wait-for-base", "12.3"),
        (True, "close-doors", "shift-traffic", "12.3"),
        (False, "close-doors", "shift-traffic", "0.0"),
        (False, "recreate-base", None, "60.0"),
    ],
)
def test_how_long_people_waited_is_known_from_the_journal(
    changing: Changing,
    monkeypatch: pytest.MonkeyPatch,
    closed: bool,
    begun: str,
    ended: str | None,
    seconds: str,
) -> None:
    """Until now, where it goes on."""
    amended = dict[str, Any]()
    clock = SimpleNamespace(now=lambda zone: NOON + timedelta(seconds=60))
    monkeypatch.setattr(base_changing, "datetime", clock)
    monkeypatch.setattr(base_changing, "replace", lambda work, deployment: work)
    changing.plan.is_closed = closed
    changing.rows[begun] = SimpleNamespace(started_at=NOON)
    if ended:
        changing.rows[ended] = SimpleNamespace(ended_at=NOON + timedelta(seconds=12.34))
    changing.work.fence = 1
    changing.work.env.ledger.deployments = SimpleNamespace(
        amend=lambda id, figures, fence: amended.update(figures)
    )
    note_outage(changing.work)
    assert amended == {"changed": {"services": "db", "seconds": seconds}}
