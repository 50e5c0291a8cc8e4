"""Visitors of a field application: they read a page, and write rows of which each answer is
remembered."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol

import httpx

from blocks.probes.witness import TrafficWitness

READS_PER_SECOND, WRITES_PER_SECOND = 20, 5
PATIENCE_SECONDS = 20
"""On a busy machine an answer may be slow, and slow is not lost."""
FAULTS_SHOWN = 3


class Visited(Protocol):
    """Where visitors go. The answer to a post has the `id` of a row that is committed."""

    @property
    def read(self) -> str: ...

    @property
    def write(self) -> str:
        """Empty where nothing is written."""

    @property
    def form(self) -> Mapping[str, str]: ...


class Visitors:
    """`with Visitors(...) as visitors:` reads and writes steadily, without a retry, until the block
    ends."""

    def __init__(self, base_url: str, domain: str, app: Visited) -> None:
        self.app, self.base_url, self.domain = app, base_url, domain
        self.confirmed, self.write_faults, self.writes = set[str](), list[str](), 0
        self.longest_write_gap_seconds = 0.0
        self._ended = threading.Event()
        self._writer = threading.Thread(target=self._write_steadily, daemon=True)
        self._reader = TrafficWitness(
            base_url,
            domain,
            app.read,
            rate_per_second=READS_PER_SECOND,
            timeout_seconds=PATIENCE_SECONDS,
        )

    @property
    def total(self) -> int:
        return self.writes + self._reader.figures().total

    @property
    def lost(self) -> int:
        return len(self.write_faults) + self._reader.figures().failed

    @property
    def longest_gap_seconds(self) -> float:
        return self._reader.figures().longest_gap_seconds

    def faults(self) -> list[str]:
        """The first few, as they were met."""
        reads = [
            f"reading: {seen.fault} at {seen.due:.1f} s"
            for seen in self._reader.failures(FAULTS_SHOWN)
        ]
        return [*reads, *self.write_faults[:FAULTS_SHOWN]]

    def __enter__(self) -> Visitors:
        self._reader.__enter__()
        if self.app.write:
            self._writer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self.app.write:
            self._writer.join()
        self._reader.__exit__(kind, error, trace)

    def _write_steadily(self) -> None:
        began = time.monotonic()
        with httpx.Client(
            base_url=self.base_url,
            headers={"Host": self.domain},
            trust_env=False,
            timeout=PATIENCE_SECONDS,
        ) as client:
            while not self._ended.wait(
                max(0.0, began + self.writes / WRITES_PER_SECOND - time.monotonic())
            ):
                self._write(client, time.monotonic() - began)
                self.writes += 1

    def _write(self, client: httpx.Client, at_seconds: float) -> None:
        try:
            answer = client.post(self.app.write, data=dict(self.app.form))
            if answer.is_success:
                self.confirmed.add(str(answer.json()["id"]))
            else:
                self.write_faults.append(
                    f"writing: status {answer.status_code} at {at_seconds:.1f} s"
                )
        except (httpx.HTTPError, ValueError, KeyError) as error:
            self.write_faults.append(f"writing: {error!r} at {at_seconds:.1f} s")
