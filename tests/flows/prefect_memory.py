"""As much of Prefect as flows ask for, in this process: runs with their states, and flows and tasks
as plain functions.

Locks, journal and ledger are real. Prefect's engine itself is tested by `tests/integration`,
`tests/e2e` and `tests/crash`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from prefect.client.schemas.objects import FlowRun, FlowRunPolicy, State
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.states import Completed, Crashed, Failed, Running, Suspended
from prefect.tasks import Task
from prefect.utilities.annotations import BaseAnnotation


class SuspendedError(BaseException):
    """The run waits for a person; its process has ended."""


Answer = Callable[[Any], Any]
"""From the form that a person is shown to what they fill in."""


@dataclass
class Run:
    """A flow run, as Prefect's server keeps it."""

    id: UUID
    states: list[State[Any]]
    tags: list[str] = field(default_factory=list)
    pause_keys: set[str] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)
    """Key -> text."""

    @property
    def state(self) -> State[Any]:
        return self.states[-1]


_FIELD = re.compile(r"\{[a-z_]+\}")
"""Of a text, in which nothing was filled in."""


@dataclass
class MemoryPrefect:
    """The server, for the client that steps ask."""

    runs: dict[UUID, Run] = field(default_factory=dict)
    answer: Answer | None = None
    """What a person will say; without one the run waits."""

    def update_flow_run(self, run: UUID, *, tags: list[str]) -> None:
        self._run(run).tags = tags

    def create_artifact(self, page: Any) -> Any:
        assert not _FIELD.search(str(page.data)), f"{page.key} has a gap: {page.data}"
        self._run(UUID(str(page.flow_run_id))).pages[page.key] = page.data
        return SimpleNamespace(id=uuid4())

    def set_flow_run_state(self, run: UUID, state: State[Any], *, force: bool) -> None:
        self._run(run).states.append(state)

    def read_flow_run(self, run: UUID) -> Run:
        return self._run(run)

    def read_flow_run_states(self, run: UUID) -> list[State[Any]]:
        return self._run(run).states

    def _run(self, run: UUID) -> Run:
        if run not in self.runs:
            raise ObjectNotFound(Exception("no such run"))
        return self.runs[run]

    @contextlib.contextmanager
    def client(self, **_: object) -> Iterator[MemoryPrefect]:
        yield self

    def suspend(self, *, wait_for_input: Any, timeout: float, key: str) -> Any:
        """The answer of a person; without one the run is suspended, and its process ends."""
        context = FlowRunContext.get()
        assert context is not None
        assert context.flow_run is not None
        run = self.runs[context.flow_run.id]
        if self.answer is None:
            run.pause_keys.add(key)
            run.states.append(Suspended())
            raise SuspendedError(key)
        return self.answer(wait_for_input)

    def again(self) -> MemoryPrefect:
        """A copy. A run whose process was at work is said to have crashed: that is what the server
        does for a killed one."""
        runs = {
            one.id: replace(one, states=[*one.states, *_crashed(one)], tags=[*one.tags])
            for one in self.runs.values()
        }
        return MemoryPrefect(runs, self.answer)

    def start(self, flow: Flow[Any, Any], run: UUID | None = None, **parameters: Any) -> Run:
        """A process of a run, new or gone on with, until it ends; however it ends, its last state
        says so."""
        run = run or uuid4()
        made = self.runs.setdefault(run, Run(run, []))
        made.states.append(Running())
        try:
            with _context(flow, made):
                result = flow.fn(**parameters)
        except SuspendedError:
            return made
        except BaseException as error:
            made.states.append(Failed(message=str(error), data=error))
            return made
        made.states.append(result if isinstance(result, State) else Completed())
        return made


@contextlib.contextmanager
def _context(flow: Flow[Any, Any], run: Run) -> Iterator[None]:
    known = FlowRun(
        id=run.id,
        flow_id=run.id,
        name="a-run",
        tags=list(run.tags),
        state=run.state,
        empirical_policy=FlowRunPolicy(pause_keys=set(run.pause_keys)),
    )
    made: Any = FlowRunContext.model_construct
    with made(flow_run=known, flow=flow):
        yield


def call_task(task: Task[Any, Any], *args: Any, **kwargs: Any) -> Any:
    """As Prefect's engine does it, without its waits: again, as often as the task allows and its
    error is retryable."""
    given = [one.unwrap() if isinstance(one, BaseAnnotation) else one for one in args]
    for left in range(task.retries, -1, -1):
        try:
            return task.fn(*given, **kwargs)
        except Exception as error:
            if not left or not _may_be_tried_again(task, error):
                raise
    raise AssertionError("a task has at least one attempt")


def _may_be_tried_again(task: Task[Any, Any], error: Exception) -> bool:
    said = SimpleNamespace(result=lambda raise_on_failure: error)
    return task.retry_condition_fn is None or bool(task.retry_condition_fn(task, None, said))  # type: ignore[arg-type]


def _crashed(run: Run) -> list[State[Any]]:
    return [Crashed(message="its process is gone")] if run.state.is_running() else []
