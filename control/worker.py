"""The worker: hears of a new run, looks whether it is one of ours, and has it forked from the
parent."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
import anyio.abc
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterId,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import DeploymentResponse, OrchestrationResult, SetStateStatus
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_WORKER_QUERY_SECONDS
from prefect.states import Crashed, Failed, Pending
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from control.due import seconds_until_first, start_of
from control.forms import Forms
from control.left_runs import LEFT, is_lost, pid_of, state_instead
from control.log_files import shorten
from control.orders import Order, order_for
from control.run_ends import ENDED, end_of
from control.run_events import events_of
from control.run_process import ForkedProcess, RunProcess, prepare_parent
from control.served import served_entrypoints
from control.work_pool import NOTHING_TO_SET, TYPE
from tidegate.errors import InputError
from tidegate.settings import Settings

AGAIN_SECONDS = 2.0
CANCEL_SECONDS = 30.0
STOP_SECONDS = 15.0
"""Shorter than the patience of `tidegate stop`, which kills the worker after it."""


class TidegateWorker(BaseWorker[BaseJobConfiguration, BaseVariables, BaseWorkerResult]):
    """Starts the flows of this project as they are. Takes no command, environment, folder, image or
    pull step from anywhere."""

    type = TYPE
    _description = "Starts the flows of Tidegate, and nothing else."

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self._served = served_entrypoints()
        self._look_seconds = PREFECT_WORKER_QUERY_SECONDS.value()
        self._being_started: set[UUID] = set()
        self._running: set[RunProcess] = set()
        self._cancelled: set[UUID] = set()
        self._news = anyio.Event()
        self._forms = Forms(Settings())

    @classmethod
    def get_default_base_job_template(cls) -> dict[str, Any]:
        return NOTHING_TO_SET

    async def start(
        self,
        run_once: bool = False,
        with_healthcheck: bool = False,
        printer: Callable[..., None] = print,
    ) -> None:
        """Until it is cancelled, or with `run_once` until all runs that are due have ended."""
        prepare_parent()
        async with self:
            await _until_it_works(self._know_work_pool)
            async with anyio.create_task_group() as self._tasks:
                if run_once:
                    await self.get_and_submit_flow_runs()
                    return
                self._tasks.start_soon(self._listen)
                self._tasks.start_soon(self._beat)
                printer(f"worker: ready, serves {', '.join(sorted(self._served))}", flush=True)
                while True:
                    await self._look_and_wait()

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Start what is due. Returns what is to start before the next look."""
        now = datetime.now(UTC)
        answer = await self.client.get_scheduled_flow_runs_for_work_pool(
            self.work_pool.name, scheduled_before=now + timedelta(seconds=self._look_seconds)
        )
        runs = [one.flow_run for one in answer if one.flow_run.id not in self._being_started]
        due = [run for run in runs if start_of(run) <= now]
        for run in due:
            self._being_started.add(run.id)
            self._tasks.start_soon(self._begin, run)
        return [run for run in runs if run not in due]

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> BaseWorkerResult:
        """For Prefect's own ways to start a run: the configuration is not looked at."""
        process = await ForkedProcess.start(await self._order_for(flow_run))
        if task_status is not None:
            task_status.started(process.pid)
        code = await self._follow(process)
        status = 0 if code is None else code
        return BaseWorkerResult(identifier=str(process.pid), status_code=status)

    async def _know_work_pool(self) -> None:
        await self.sync_with_backend()
        self.work_pool  # noqa: B018  raises while it is not known

    async def _look_and_wait(self) -> None:
        self._news = anyio.Event()  # what comes while we look is looked at again
        try:
            coming = await self.get_and_submit_flow_runs()
            await self._see_what_is_left()
            seconds = seconds_until_first(coming, self._look_seconds)
        except Exception as error:  # the server is away or busy
            print(f"worker: cannot look for runs ({error!r}), trying again", flush=True)
            seconds = AGAIN_SECONDS
        with anyio.move_on_after(seconds):
            await self._news.wait()

    async def _listen(self) -> None:
        """Hear the server's events. While they cannot be heard, the regular look finds the runs,
        later."""
        while True:
            try:
                async for state, run in events_of(self.work_pool.id):
                    self._hear(state, run)
            except Exception as error:
                print(f"worker: hears no news of runs ({error!r}), trying again", flush=True)
            await anyio.sleep(AGAIN_SECONDS)
            self._news.set()

    def _hear(self, state: StateType, run: UUID) -> None:
        process = self._process_of(run) if state == StateType.CANCELLING else None
        if process is None:
            self._news.set()  # the look asks for it
        else:
            self._cancel(process)

    async def _beat(self) -> None:
        while True:
            await anyio.sleep(self.heartbeat_interval_seconds)
            with contextlib.suppress(Exception):  # the next one comes
                await self.sync_with_backend()
            await self._forms.follow()
            with contextlib.suppress(OSError):  # the next one comes
                await anyio.to_thread.run_sync(shorten, Settings().home / "run")

    async def _see_what_is_left(self) -> None:
        """Ask for runs that were taken up and never began, and for cancelled ones: their worker was
        killed, or an event was lost."""
        left = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[*LEFT])))
        ours = WorkPoolFilter(id=WorkPoolFilterId(any_=[self.work_pool.id]))
        for run in await self.client.read_flow_runs(flow_run_filter=left, work_pool_filter=ours):
            if run.id in self._being_started:
                continue
            cancelled = run.state_type == StateType.CANCELLING
            if cancelled and (process := self._process_of(run.id) or self._adopted(run)):
                self._cancel(process)
            elif is_lost(run):
                await self._set_state(run.id, state_instead(run))

    def _adopted(self, run: FlowRun) -> RunProcess | None:
        """What an earlier worker began goes on without it. From now on it is ours: it can be
        cancelled, and its end is seen."""
        if (pid := pid_of(run)) is None:
            return None
        process = RunProcess(run.id, pid)
        self._running.add(process)
        self._tasks.start_soon(self._tend, process)
        return process

    def _process_of(self, run: UUID) -> RunProcess | None:
        return next((process for process in self._running if process.run == run), None)

    def _cancel(self, process: RunProcess) -> None:
        if process.run not in self._cancelled:
            self._cancelled.add(process.run)
            process.cancel()
            self._tasks.start_soon(self._kill_later, process)

    async def _kill_later(self, process: RunProcess) -> None:
        await anyio.sleep(CANCEL_SECONDS)
        if process in self._running:
            process.kill()

    async def _begin(self, run: FlowRun) -> None:
        """Start a run that is due. What goes wrong with it is tried again, and stops no other
        run."""
        try:
            process = await self._start(run)
            if process is not None:
                await self.client.update_flow_run(run.id, infrastructure_pid=str(process.pid))
        except Exception as error:
            print(f"worker: cannot start {run.name} ({error!r}), trying again", flush=True)
            await anyio.sleep(AGAIN_SECONDS)
            self._news.set()
        finally:
            self._being_started.discard(run.id)

    async def _start(self, run: FlowRun) -> ForkedProcess | None:
        try:
            order = await self._order_for(run)
        except InputError as refusal:
            print(f"worker: refused {run.name}: {refusal}", flush=True)
            await self._set_state(run.id, Failed(message=str(refusal)))
            return None
        taken: OrchestrationResult[Any] = await self.client.set_flow_run_state(run.id, Pending())
        if taken.status != SetStateStatus.ACCEPT:
            return None
        return await self._fork(order)

    async def _fork(self, order: Order) -> ForkedProcess | None:
        try:
            process = await ForkedProcess.start(order)
        except (OSError, EOFError) as error:
            message = (
                f"No process could be started for it: {error!r}. Read the worker's "
                "log, then start it again"
            )
            await _until_it_works(lambda: self._set_state(order.run, Crashed(message=message)))
            return None
        self._tasks.start_soon(self._tend, process)
        return process

    async def _set_state(self, run: UUID, state: State[Any]) -> None:
        await self.client.set_flow_run_state(run, state, force=True)

    async def _order_for(self, run: FlowRun) -> Order:
        return order_for(run, await self._deployment_of(run), self._served)

    async def _deployment_of(self, run: FlowRun) -> DeploymentResponse | None:
        if run.deployment_id is None:
            return None
        with contextlib.suppress(ObjectNotFound):
            return await self.client.read_deployment(run.deployment_id)
        return None

    async def _tend(self, process: RunProcess) -> None:
        code = await self._follow(process)
        with contextlib.suppress(ObjectNotFound):  # somebody deleted the run
            await _until_it_works(lambda: self._say_how_it_ended(process, code))
        self._cancelled.discard(process.run)

    async def _follow(self, process: RunProcess) -> int | None:
        self._running.add(process)
        try:
            return await process.ended()
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(STOP_SECONDS):
                await self._leave_to_recovery(process)
            raise
        finally:
            self._running.discard(process)
            process.close()

    async def _leave_to_recovery(self, process: RunProcess) -> None:
        """A worker that stops ends its runs by a kill. Told to end, they would put back what serves
        well, and nobody wanted that: what they were in the middle of, recovery finishes."""
        process.kill()
        code = await process.ended()
        self._running.discard(process)
        await self._say_how_it_ended(process, code)

    async def _say_how_it_ended(self, process: RunProcess, code: int | None) -> None:
        """Set the final state of a run whose process ended before it could set one itself."""
        goes_on = self._process_of(process.run) is not None  # it was suspended, and resumed at once
        if goes_on or (code == 0 and process.run not in self._cancelled):
            return
        state = (await self.client.read_flow_run(process.run)).state
        if state is None or state.type not in ENDED:
            end = end_of(process, code, cancelled=process.run in self._cancelled)
            await self._set_state(process.run, end)


async def _until_it_works(attempt: Callable[[], Awaitable[None]]) -> None:
    """The server may be away for a while. Raises ObjectNotFound, which no waiting mends."""
    while True:
        try:
            return await attempt()
        except ObjectNotFound:
            raise
        except Exception as error:
            print(f"worker: the server does not answer ({error!r}), trying again", flush=True)
            await anyio.sleep(AGAIN_SECONDS)
