"""A container that runs longer than anybody waits for is named, and is no engine that is down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from requests.exceptions import ConnectionError, ReadTimeout
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import ReadTimeoutError

from blocks.backups.volumes import replace_volume
from blocks.docker import host as docker_host
from blocks.docker.host import KEY_LABEL, DockerHost
from tidegate.errors import EngineError

MINE = "prod/shop/3/"
SAID = "Read timed out. (read timeout=600)"
TIMED_OUT = (
    ReadTimeout(SAID),  # before the engine's first word
    ConnectionError(ReadTimeoutError(HTTPConnectionPool("localhost"), "/wait", SAID)),  # after it
)


class LongJob:
    """Runs on, whoever waits for it."""

    name, status = "migrate-1", "running"

    def __init__(self, error: Exception, key: str = f"{MINE}migrate-main/upgrade") -> None:
        self.labels, self._error = {KEY_LABEL: key}, error
        self.waited, self.removed = list[float](), False

    def start(self) -> None:
        """It runs already."""

    def wait(self, timeout: float) -> NoReturn:
        self.waited.append(timeout)
        raise self._error

    def remove(self, **_: object) -> None:
        self.removed = True


def host_with(*jobs: Any) -> DockerHost:
    """A host whose engine has these containers, and no volume that anybody uses."""
    host = DockerHost()
    containers = SimpleNamespace(
        list=lambda **asked: [*jobs] if asked.get("all") else [], create=lambda *_, **__: jobs[0]
    )
    client = SimpleNamespace(containers=containers, networks=SimpleNamespace(list=lambda **_: []))
    object.__setattr__(host, "client", client)
    return host


@pytest.mark.parametrize("error", TIMED_OUT, ids=["before", "after"])
def test_a_lost_job_that_goes_on_is_named_and_left_running(error: Exception) -> None:
    job = LongJob(error)
    with pytest.raises(EngineError) as raised:
        host_with(job).outlast(MINE, 600)
    assert raised.value.came_back == "migrate-1 still runs after 600 s"
    assert "`docker logs migrate-1`" in raised.value.to_do
    assert (raised.value.retryable, job.removed) == (False, False)


def test_all_that_was_left_is_waited_for_by_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step that waits has one, too."""
    now = [0.0]
    monkeypatch.setattr(docker_host, "time", SimpleNamespace(monotonic=lambda: now[0]))
    first, second = LongJob(TIMED_OUT[0], f"{MINE}a"), LongJob(TIMED_OUT[0], f"{MINE}b")

    def ends(timeout: float) -> dict[str, int]:
        now[0] += 400
        return {"StatusCode": 0}

    monkeypatch.setattr(first, "wait", ends)
    with pytest.raises(EngineError, match="still runs after 200 s"):
        host_with(first, second).outlast(MINE, 600)
    assert second.waited == [200]


def test_an_engine_that_is_down_is_told_as_before() -> None:
    with pytest.raises(EngineError, match="no answer") as raised:
        host_with(LongJob(ConnectionError("connection refused"))).outlast(MINE, 600)
    assert raised.value.retryable


def test_a_volume_whose_copying_takes_too_long_says_what_became_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = LongJob(TIMED_OUT[1])
    monkeypatch.setattr(DockerHost, "forget", lambda host, key: None)
    with pytest.raises(EngineError) as raised:
        replace_volume(host_with(job), "uploads", "busybox", "prod/shop/3/volume")
    assert raised.value.came_back.startswith("migrate-1 still runs after ")
    assert "It was stopped and removed" in raised.value.to_do
    assert (raised.value.retryable, job.removed) == (False, True)
