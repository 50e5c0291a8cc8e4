"""How long people wait at most while a service is replaced in its place, and what a container says
of itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.slots import health, in_place
from tidegate.facts import Outcome


def service(name: str, stop: int, start: int) -> Any:
    return SimpleNamespace(name=name, stop_grace_seconds=stop, start_budget_seconds=start)


@pytest.mark.parametrize(
    ("names", "seconds"), [(("web",), 70), (("web", "api"), 95), (("worker",), 900), ((), 0)]
)
def test_the_slowest_of_those_that_are_replaced_says_it(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], seconds: int
) -> None:
    """What it may take to stop, and to start."""
    services = [service("web", 10, 60), service("api", 90, 5), service("worker", 300, 600)]
    env: Any = SimpleNamespace(stack=SimpleNamespace(services=services))
    monkeypatch.setattr(in_place, "in_place_of", lambda env: names)
    assert in_place.most_outage_seconds(env) == seconds


@pytest.mark.parametrize(("state", "said"), [("running", "curl: no\nexit 7"), ("exited", "")])
def test_what_its_own_check_prints_is_told_of_one_that_runs(state: str, said: str) -> None:
    host = SimpleNamespace(own_check=lambda id: Outcome(7, "curl: no\n", "exit 7\n"))
    env: Any = SimpleNamespace(host=host)
    container: Any = SimpleNamespace(id="c1", state=state)
    assert health._says_now(env, container) == said
