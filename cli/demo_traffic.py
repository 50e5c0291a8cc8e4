"""A steady client of one environment: 50 requests a second and one long request after the other,
from first to last."""

from __future__ import annotations

import threading
from types import TracebackType

import httpx

from blocks.probes.witness import TrafficWitness
from tidegate.edge.probing import MOST_REQUESTS
from tidegate.facts import TrafficFigures

PER_SECOND = 50
SHORT, LONG = "/health", "/slow?seconds={seconds}"
LONG_SECONDS = 20
SLACK_SECONDS = 20
FAULTS_SHOWN = 5
BREATH_SECONDS = 0.2
"""After a long request that failed: an edge that refuses at once would be asked a thousand times a
second."""


class SteadyClient:
    """Begins with the environment's first good answer. Keep-alive, no retries. A short request
    without an answer after `timeout_seconds` is lost."""

    def __init__(
        self,
        environment: str,
        base_url: str,
        domain: str,
        long_seconds: int = LONG_SECONDS,
        timeout_seconds: float = 5,
    ) -> None:
        self.environment, self.base_url, self.domain = environment, base_url, domain
        self.long_seconds, self.timeout_seconds = long_seconds, timeout_seconds
        self.figures = TrafficFigures(0, 0, 0.0, 0.0)
        self.faults, self.long_good, self.long_faults = list[str](), 0, list[str]()
        self.outage_seconds = 0.0
        """From the first to the last failed request."""
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._steadily, self._at_length)
        ]

    @property
    def lost(self) -> int:
        return self.figures.failed + len(self.long_faults)

    def __enter__(self) -> SteadyClient:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _steadily(self) -> None:
        if not self._first_answer():
            return
        with TrafficWitness(
            self.base_url,
            self.domain,
            SHORT,
            rate_per_second=PER_SECOND,
            timeout_seconds=self.timeout_seconds,
        ) as witness:
            self._ended.wait()
        self.figures = witness.figures()
        failures = witness.failures(MOST_REQUESTS)
        self.faults = [f"{seen.fault} at {seen.due:.1f} s" for seen in failures[:FAULTS_SHOWN]]
        if failures:
            self.outage_seconds = max(seen.due for seen in failures) - min(
                seen.due for seen in failures
            )

    def _at_length(self) -> None:
        if not self._first_answer():
            return
        with httpx.Client(
            base_url=self.base_url, headers={"Host": self.domain}, trust_env=False
        ) as client:
            while not self._ended.is_set():
                if not self._is_answered(client):
                    self._ended.wait(BREATH_SECONDS)

    def _is_answered(self, client: httpx.Client) -> bool:
        try:
            status = client.get(
                LONG.format(seconds=self.long_seconds), timeout=self.long_seconds + SLACK_SECONDS
            ).status_code
        except httpx.HTTPError as error:
            self.long_faults.append(repr(error))
            return False
        if status == httpx.codes.OK:
            self.long_good += 1
        else:
            self.long_faults.append(f"status {status}")
        return status == httpx.codes.OK

    def _first_answer(self) -> bool:
        with httpx.Client(
            base_url=self.base_url, headers={"Host": self.domain}, trust_env=False, timeout=5
        ) as client:
            while not self._ended.wait(0.2):
                try:
                    if client.get(SHORT).status_code == httpx.codes.OK:
                        return True
                except httpx.HTTPError:
                    continue
        return False
