"""One measured change: what a steady client saw of it, and how long it took until the wanted
version answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from blocks.probes.witness import TrafficWitness

PER_SECOND = 50
LEAST_REQUESTS = 2000
LOOK_SECONDS = 0.02  # more often would take from what is measured
MOST_SECONDS = 300


@dataclass(frozen=True)
class Measured:
    """`answered_seconds` is from the command to the first answer of the wanted version; None when
    it never came."""

    what: str
    app: str
    total: int
    failed: int
    longest_gap_seconds: float
    answered_seconds: float | None


def measure(
    what: str, app: str, base_url: str, domain: str, version: str, change: Callable[[], None]
) -> Measured:
    """Make `change` under 50 requests/s, at least 2,000 of them, and see when `version` answers
    first."""
    with TrafficWitness(base_url, domain, "/health", rate_per_second=PER_SECOND) as witness:
        time.sleep(1)
        seen = FirstAnswer(base_url, domain, version)
        change()
        answered = seen.seconds()
        while witness.figures().total < LEAST_REQUESTS:
            time.sleep(0.5)
    figures = witness.figures()
    return Measured(what, app, figures.total, figures.failed, figures.longest_gap_seconds, answered)


class FirstAnswer:
    """Asks `/version` from the beginning on, in a thread of its own."""

    def __init__(self, base_url: str, domain: str, version: str) -> None:
        self._begun = time.monotonic()
        self._answered: float | None = None
        self._thread = threading.Thread(
            target=self._look, args=(base_url, domain, version), daemon=True
        )
        self._thread.start()

    def seconds(self) -> float | None:
        self._thread.join(MOST_SECONDS)
        return self._answered

    def _look(self, base_url: str, domain: str, version: str) -> None:
        with httpx.Client(
            base_url=base_url, headers={"Host": domain}, trust_env=False, timeout=2
        ) as client:
            while time.monotonic() - self._begun < MOST_SECONDS:
                if _answers(client, version):
                    self._answered = time.monotonic() - self._begun
                    return
                time.sleep(LOOK_SECONDS)


def _answers(client: httpx.Client, version: str) -> bool:
    try:
        answer = client.get("/version")
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK and answer.json().get("version") == version
