"""What containers print, line by line, the last ones first or for as long as they print."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator, Mapping

from docker.models.containers import Container

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from tidegate.errors import TidegateError
from tidegate.log_line import LogLine, line_from

MOST_LINE_BYTES = 64 << 10
"""A line that is longer is shown in parts."""


def read_logs(
    host: DockerHost, services: Mapping[str, str], lines: int, *, follow: bool
) -> Iterator[LogLine]:
    """The last `lines` of each container, by their time; with `follow` also what comes, until all
    have ended.

    `services` is how each container is called. Raises EngineError.
    """
    doing = f"reading the log of {', '.join(services)}"
    with engine_errors(doing):
        found = {name: host.client.containers.get(name) for name in services}
    if follow:
        yield from _together(
            [_lines(one, services[name], lines, follow=True) for name, one in found.items()]
        )
        return
    with engine_errors(doing):
        yield from sorted(
            line
            for name, one in found.items()
            for line in _lines(one, services[name], lines, follow=False)
        )


def _lines(container: Container, service: str, most: int, *, follow: bool) -> Iterator[LogLine]:
    with engine_errors(f"reading the log of {container.name}"):
        printed = container.logs(stream=True, follow=follow, tail=most, timestamps=True)
        yield from (line_from(service, one.decode(errors="replace")) for one in _split(printed))


def _split(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The engine gives pieces that end anywhere."""
    begun = b""
    for part in parts:
        *whole, begun = (begun + part).split(b"\n")
        yield from whole
        if len(begun) > MOST_LINE_BYTES:
            yield begun
            begun = b""
    if begun:
        yield begun


def _together(sources: list[Iterator[LogLine]]) -> Iterator[LogLine]:
    """As they come. A source that fails ends them all."""
    come: queue.Queue[LogLine | TidegateError | None] = queue.Queue(1000)

    def pass_on(source: Iterator[LogLine]) -> None:
        try:
            for line in source:
                come.put(line)
            come.put(None)
        except TidegateError as error:
            come.put(error)

    for source in sources:
        threading.Thread(target=pass_on, args=(source,), daemon=True).start()
    left = len(sources)
    while left:
        got = come.get()
        if isinstance(got, TidegateError):
            raise got
        if got is None:
            left -= 1
        else:
            yield got
