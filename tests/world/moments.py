"""What a test can do to the world: fail one call, or look at it after each change. Everything made
is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")
Failure = Callable[[str], Exception]
"""From the name of the call that fails to its error."""


class Moments:
    """The calls to the world and its changes, in order."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.changes: list[str] = []
        self.made: Counter[str] = Counter()
        """What was made, under the name that makes it one thing. What is taken away again was never
        made."""
        self.asked_when_done: list[str] = []
        """Calls of a step that the journal called done before: nothing may be done twice."""
        self.step = ""
        """The key of the step that is being carried out."""
        self.step_was_done = False
        self.after_change: Callable[[str], object] = lambda what: None
        """What a process leaves when it is killed is what is true after its last change."""
        self.fails: Callable[[int, str], Exception | None] = lambda number, name: None
        """Which call fails, by its number and its name."""

    def begin_anew(self) -> None:
        """Another process: nothing fails any more, and it counts from the beginning. What was made
        stays counted."""
        fresh = Moments()
        self.calls, self.changes, self.after_change, self.fails = (
            [],
            [],
            fresh.after_change,
            fresh.fails,
        )
        self.step, self.step_was_done = "", False

    def call(self, name: str) -> None:
        """Every call to a port comes by here."""
        number, told = len(self.calls), self._told(name)
        self.calls.append(told)
        if self.step_was_done:
            self.asked_when_done.append(told)
        if error := self.fails(number, name):
            raise error

    def change(self, what: str, *, makes: str = "", unmakes: str = "") -> None:
        """Called when the world has just become another one."""
        if makes:
            self.made[makes] += 1
        self.made.pop(unmakes, None)
        self.changes.append(self._told(what))
        self.after_change(self.changes[-1])

    def _told(self, what: str) -> str:
        return f"{self.step}: {what}" if self.step else what

    def __deepcopy__(self, memo: dict[int, Any]) -> Moments:
        """A copy looks at nothing and fails nothing."""
        memo[id(self)] = copied = Moments()
        copied.made, copied.asked_when_done = self.made.copy(), self.asked_when_done.copy()
        return copied


class Watched:
    """A port whose calls come by `moments` first."""

    def __init__(self, role: str, port: Any, moments: Moments) -> None:
        self._role, self._port, self._moments = role, port, moments

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value

        def called(*args: Any, **kwargs: Any) -> Any:
            self._moments.call(f"{self._role}.{name}")
            return value(*args, **kwargs)

        return called


def watched(role: str, port: T, moments: Moments) -> T:
    """The same port, seen and broken by `moments`."""
    return cast(T, Watched(role, port, moments))
