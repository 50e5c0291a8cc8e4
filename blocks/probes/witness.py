"""The traffic witness: a steady trickle of real requests through the edge, to see what users would
see."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import httpx

from blocks.edges.traefik.answers import ended_unanswered, is_own_404, served_by
from blocks.tls import TRUSTED
from tidegate.edge.headers import DEPLOYMENT_HEADER
from tidegate.edge.probing import MOST_REQUESTS, Question, Seen
from tidegate.facts import TrafficFigures
from tidegate.waiting import to_a_tenth

_MOST_DOORS_AT_RATE = 10
_SOONER_SECONDS = 0.1
"""The client's own timeout comes first: it says whether a connection or an answer was missing."""


class TrafficWitness:
    """`with TrafficWitness(...) as witness:` sends requests until the block ends. Nothing is
    retried or followed.

    `owner` is the stack and environment that must answer, where that is known: an answer by another
    one is a failure. `headers` are what a front adds, where people come by one. `asked` are the
    doors to ask instead of `path`, in turn, each of them at the rate: they lead to services of one
    version. The rate is lower where `most_seconds`, after which it stops, would be too many
    requests. `long_path` is requested once at the beginning and awaited at the end, to see that a
    request in flight survives.
    """

    def __init__(
        self,
        base_url: str,
        host_header: str,
        path: str,
        *,
        rate_per_second: float = 20,
        timeout_seconds: float = 5,
        most_seconds: float = 1800,
        long_path: str | None = None,
        long_timeout_seconds: float = 60,
        owner: tuple[str, str] | None = None,
        headers: Mapping[str, str] = {},
        asked: Sequence[Question] = (),
    ) -> None:
        self.base_url, self.host_header, self.path = base_url, host_header, path
        self.asked = list(asked) or [Question(host_header, path, is_ready_path=True)]
        of_doors = rate_per_second * min(len(self.asked), _MOST_DOORS_AT_RATE)
        self.rate_per_second = min(of_doors, MOST_REQUESTS / most_seconds)
        self.timeout_seconds, self.most_seconds = timeout_seconds, most_seconds
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._pool.shutdown()  # bounded by the timeouts of the last requests
        # raises what broke the witness itself: a blind witness is not a quiet one
        self._work.result()

    def figures(self) -> TrafficFigures:
        """What was seen until now, or until the end."""
        until = time.monotonic() - self._began if self._ended is None else self._ended
        return summarize(list(self._seen), until)

    def failures(self, most: int = 5) -> list[Seen]:
        """The first few failed requests, with time and reason."""
        return [seen for seen in list(self._seen) if seen.fault][:most]

    async def _watch(self) -> None:
        headers = {"Host": self.host_header, **self.headers}
        client = httpx.AsyncClient(
            base_url=self.base_url, headers=headers, verify=TRUSTED, trust_env=False
        )
        async with client, asyncio.TaskGroup() as requests:
            if self.long_path:
                long = self.asked[0]._replace(path=self.long_path)
                requests.create_task(
                    self._ask(client, long, self.long_timeout_seconds, _door(self.asked[0]))
                )
            await self._trickle(client, requests)
            self._ended = time.monotonic() - self._began

    async def _trickle(self, client: httpx.AsyncClient, requests: asyncio.TaskGroup) -> None:
        for number in range(int(self.most_seconds * self.rate_per_second)):
            # from the beginning, so that lateness does not add up
            due = self._began + number / self.rate_per_second
            await asyncio.sleep(due - time.monotonic())
            if self._stopped.is_set():
                return
            asked = self.asked[number % len(self.asked)]
            requests.create_task(self._ask(client, asked, self.timeout_seconds, _door(asked)))

    async def _ask(
        self, client: httpx.AsyncClient, asked: Question, timeout_seconds: float, door: str
    ) -> None:
        due = time.monotonic() - self._began
        deployment, reached, where = "none", True, _Where(time.monotonic())
        answer: httpx.Response | None = None
        try:
            asking = client.stream(
                "GET",
                asked.path,
                headers={"Host": asked.host},
                timeout=timeout_seconds - _SOONER_SECONDS,
                extensions={"trace": where.note},
            )
            async with asyncio.timeout(timeout_seconds), asking as answer:
                await answer.aread()
            deployment = answer.headers.get(DEPLOYMENT_HEADER, "none")
            is_good = asked.is_good(answer.status_code)
            fault = self._answered_by_another(answer) if is_good else f"status {answer.status_code}"
            reached = not is_own_404(answer)
        except (httpx.HTTPError, TimeoutError) as error:
            fault = str(error) or f"{type(error).__name__}, {where}"
            reached = answer is not None or not ended_unanswered(error)
        self._seen.append(
            Seen(due, time.monotonic() - self._began, deployment, fault, reached, door)
        )

    def _answered_by_another(self, answer: httpx.Response) -> str | None:
        served = served_by(answer)
        if self.owner is None or (served and (served.stack, served.environment) == self.owner):
            return None
        return f"answered by {served or 'no deployment'}, not by {' '.join(self.owner)}"


class _Where:
    """What a request was doing at last, in httpcore's words, and how many seconds after its own
    begin that began."""

    def __init__(self, begun: float) -> None:
        self._begun, self._event, self._at = begun, "nothing", begun

    async def note(self, event: str, _info: Mapping[str, Any]) -> None:
        if event.endswith(".started") and "closed" not in event:
            self._event, self._at = event.removesuffix(".started"), time.monotonic()

    def __str__(self) -> str:
        return f"{self._event} begun after {self._at - self._begun:.1f} s"


def _door(asked: Question) -> str:
    return asked.host + asked.path


def summarize(seen: Sequence[Seen], until: float) -> TrafficFigures:
    """The figures of `until` seconds. The longest gap is that of one door: another one may have
    answered meanwhile."""
    waits = sorted(one.ended - one.due for one in seen)
    failed = sum(1 for one in seen if one.fault)
    return TrafficFigures(
        total=len(seen),
        failed=failed,
        longest_gap_seconds=max(
            _longest_gap([one for one in seen if one.asked == door], until)
            for door in {one.asked for one in seen} or {""}
        ),
        p95_seconds=waits[int(0.95 * (len(waits) - 1))] if waits else 0.0,
        by_version=dict(Counter(one.deployment for one in seen if not one.fault)),
        seen_seconds=to_a_tenth(until),
    )


def _longest_gap(seen: Sequence[Seen], until: float) -> float:
    """The time before the first and after the last success is a gap too."""
    successes = sorted(one.ended for one in seen if not one.fault)
    marks = [0.0, *successes, max([until, *successes])]
    return max(later - earlier for earlier, later in itertools.pairwise(marks))
