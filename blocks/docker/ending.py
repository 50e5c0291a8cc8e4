"""Waiting for a container's end. One that lasts too long is told apart from an engine that is
down."""

from __future__ import annotations

from docker.models.containers import Container
from requests.exceptions import ConnectionError, ReadTimeout
from urllib3.exceptions import ReadTimeoutError

from tidegate.errors import EngineError


def wait_for_end(container: Container, doing: str, timeout_seconds: float, to_do: str) -> int:
    """Its exit code. Raises EngineError, which is not retryable, while it still runs after that
    time."""
    try:
        return int(container.wait(timeout=timeout_seconds)["StatusCode"])
    except (ReadTimeout, ConnectionError) as error:
        if not _is_time_out(error):
            raise
        said = f"{container.name} still runs after {timeout_seconds:.0f} s"
        raise EngineError(doing, said, to_do) from None


def _is_time_out(error: Exception) -> bool:
    """The HTTP library names it otherwise once the engine has begun to answer."""
    return isinstance(error, ReadTimeout) or any(
        isinstance(cause, ReadTimeoutError) for cause in error.args
    )
