"""Which deployments of an environment somebody may still go back to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Protocol, TypeVar

from tidegate.policy.states import DeploymentState

MOST_GOOD = 21
"""As far back as a rollback can be asked to go: 20, and the one that serves."""


class Deployed(Protocol):
    """What is asked about a deployment."""

    @property
    def state(self) -> DeploymentState: ...
    @property
    def kind(self) -> str: ...
    @property
    def was_good(self) -> bool: ...


T = TypeVar("T", bound=Deployed)


def needed_of(history: Sequence[T]) -> list[T]:
    """Of a history, newest first: what is at work or serves, and the good ones that a rollback can
    be asked to go to."""
    at_work = [one for one in history if one.state.is_open or one.state is DeploymentState.GOOD]
    good = (one for one in history if one.was_good and one.kind in ("release", "adoption"))
    return [*at_work, *islice(good, MOST_GOOD)]
