"""The traffic witness: a steady trickle of real requests through the edge, to see what users would see."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import httpx

from blocks.edges.traefik.answers import ended_unanswered, is_own_404, served_by
from blocks.tls import TRUSTED
from tidegate.edge.probing import MOST_REQUESTS, Seen
from tidegate.edge.routes import DEPLOYMENT_HEADER
from tidegate.facts import TrafficFigures


class TrafficWitness:
    """`with TrafficWitness(...) as witness:` sends requests until the block ends. Nothing is retried or followed.

    `owner` is the stack and environment that must answer, where that is known: an answer by another one is a failure.
    `headers` are what a front adds, where people come by one.
    `long_path` is requested once at the beginning and awaited at the end, to see that a request in flight survives.
    """

    def __init__(self, base_url: str, host_header: str, path: str, *, rate_per_second: float = 20,
                 timeout_seconds: float = 5, most_seconds: float = 1800, long_path: str | None = None,
                 long_timeout_seconds: float = 60, owner: tuple[str, str] | None = None,
                 headers: Mapping[str, str] = {}) -> None:
        self.base_url, self.host_header, self.path = base_url, host_header, path
        self.rate_per_second, self.timeout_seconds, self.most_seconds = rate_per_second, timeout_seconds, most_seconds
        self.long_path, self.long_timeout_seconds = long_path, long_timeout_seconds
        self.owner, self.headers = owner, headers
        self._seen: list[Seen] = []
        self._stopped = threading.Event()
        self._began = time.monotonic()
        self._ended: float | None = None

    def __enter__(self) -> TrafficWitness:
        self._began = time.monotonic()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="witness")
        self._work = self._pool.submit(asyncio.run, self._watch())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stopped.set()
        self._pool.shutdown()   # bounded by the timeouts of the last requests
        self._work.result()     # raises what broke the witness itself: a blind witness is not a quiet one

    def figures(self) -> TrafficFigures:
        """What was seen until now, or until the end."""
        until = time.monotonic() - self._began if self._ended is None else self._ended
        return summarize(list(self._seen), until)

    def failures(self, most: int = 5) -> list[Seen]:
        """The first few failed requests, with time and reason."""
        return [seen for seen in list(self._seen) if seen.fault][:most]

    async def _watch(self) -> None:
        headers = {"Host": self.host_header, **self.headers}
        client = httpx.AsyncClient(base_url=self.base_url, headers=headers, verify=TRUSTED, trust_env=False)
        async with client, asyncio.TaskGroup() as requests:
            if self.long_path:
                requests.create_task(self._ask(client, self.long_path, self.long_timeout_seconds))
            await self._trickle(client, requests)
            self._ended = time.monotonic() - self._began

    async def _trickle(self, client: httpx.AsyncClient, requests: asyncio.TaskGroup) -> None:
        for number in range(min(MOST_REQUESTS, int(self.most_seconds * self.rate_per_second))):
            due = self._began + number / self.rate_per_second   # from the beginning, so that lateness does not add up
            await asyncio.sleep(due - time.monotonic())
            if self._stopped.is_set():
                return
            requests.create_task(self._ask(client, self.path, self.timeout_seconds))

    async def _ask(self, client: httpx.AsyncClient, path: str, timeout_seconds: float) -> None:
        due = time.monotonic() - self._began
        deployment, reached = "none", True
        answer: httpx.Response | None = None
        try:
            async with asyncio.timeout(timeout_seconds), client.stream("GET", path, timeout=timeout_seconds) as answer:
                await answer.aread()
            deployment = answer.headers.get(DEPLOYMENT_HEADER, "none")
            fault = f"status {answer.status_code}" if answer.status_code >= 400 else self._answered_by_another(answer)
            reached = not is_own_404(answer)
        except (httpx.HTTPError, TimeoutError) as error:
            fault = str(error) or type(error).__name__
            reached = answer is not None or not ended_unanswered(error)
        self._seen.append(Seen(due, time.monotonic() - self._began, deployment, fault, reached))

    def _answered_by_another(self, answer: httpx.Response) -> str | None:
        served = served_by(answer)
        if self.owner is None or (served and (served.stack, served.environment) == self.owner):
            return None
        return f"answered by {served or 'no deployment'}, not by {' '.join(self.owner)}"


def summarize(seen: Sequence[Seen], until: float) -> TrafficFigures:
    """The figures of `until` seconds. The time before the first and after the last success is a gap too."""
    successes = sorted(one.ended for one in seen if not one.fault)
    marks = [0.0, *successes, max([until, *successes])]
    waits = sorted(one.ended - one.due for one in seen)
    return TrafficFigures(
        total=len(seen), failed=len(seen) - len(successes),
        longest_gap_seconds=max(later - earlier for earlier, later in itertools.pairwise(marks)),
        p95_seconds=waits[int(0.95 * (len(waits) - 1))] if waits else 0.0,
        by_version=dict(Counter(one.deployment for one in seen if not one.fault)))
