"""The few calls to the Prefect API that a command needs, without importing Prefect, which takes seconds."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import SecretStr

from tidegate.errors import EngineError, InputError
from tidegate.outside_text import one_line

TIMEOUT_SECONDS = 10
BUSY_SECONDS = 30
POLL_SECONDS = 0.2
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


@dataclass(frozen=True)
class RunState:
    """`type` is Prefect's: SCHEDULED, PENDING, RUNNING, PAUSED, COMPLETED ...; `name` is what its pages show."""

    type: str
    name: str
    message: str

    @property
    def final(self) -> bool:
        return self.type in FINAL

    @property
    def waits_for_person(self) -> bool:
        return self.type == "PAUSED"


class PrefectApi:
    """A Prefect server at `url` (`http://host:port/api`), which is told `secret` (`name:secret`). Raises EngineError when
    it does not answer, InputError when it refuses the request."""

    def __init__(self, url: str, secret: SecretStr | None = None) -> None:
        self._url = url
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, auth=basic_auth(secret) if secret else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def start(self, deployment: str, parameters: dict[str, Any]) -> str:
        """Start a run of `flow/name`; its id. A call that was repeated starts one run."""
        found = self._call("GET", f"/deployments/name/{deployment}", f"finding the deployment {deployment}")
        body = {"parameters": parameters, "idempotency_key": str(uuid.uuid4()), "state": {"type": "SCHEDULED"}}
        run = self._call("POST", f"/deployments/{found['id']}/create_flow_run", f"starting {deployment}", body)
        return str(run["id"])

    def states(self, run: str) -> Iterator[RunState]:
        """Each state of a run as it is reached, to the last one."""
        last: RunState | None = None
        while last is None or not last.final:
            state = self.state(run)
            if state != last:
                last = state
                yield state
            else:
                time.sleep(POLL_SECONDS)

    def state(self, run: str) -> RunState:
        state = self._call("GET", f"/flow_runs/{run}", "asking for the state of the run")["state"] or {}
        return RunState(state.get("type", ""), state.get("name", ""), state.get("message") or "")

    def is_let_in(self) -> bool:
        return self._send_until_not_busy("GET", "/admin/version", "asking who is let in", None).is_success

    def page_of(self, run: str) -> str:
        return f"{self._url.removesuffix('/api')}/runs/flow-run/{run}"

    def _call(self, method: str, path: str, doing: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._send_until_not_busy(method, path, doing, body)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise InputError(doing, "the Prefect server does not know the secret of this installation",
                             "`make stop` and `make run` start it with that; for another server set PREFECT_API_AUTH_STRING")
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise InputError(doing, "the Prefect server does not know it", "`make run` registers the deployments")
        if answer.is_client_error:
            raise InputError(doing, _reason(answer), "Correct it; a stack that is new is known after `make run`")
        if answer.is_error:
            said = one_line(answer.text, 200)
            raise EngineError(doing, f"the Prefect server answered {answer.status_code}: {said}", "Read its log")
        found: dict[str, Any] = answer.json()
        return found

    def _send_until_not_busy(self, method: str, path: str, doing: str, body: dict[str, Any] | None) -> httpx.Response:
        """A server on SQLite answers 503 while another call writes."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                answer = self._client.request(method, path, json=body)
            except httpx.TransportError as error:
                raise EngineError(doing, f"the Prefect server at {self._url} does not answer ({error})",
                                  "Start it with `make run`") from error
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > until:
                return answer
            time.sleep(POLL_SECONDS)


def basic_auth(secret: SecretStr) -> httpx.BasicAuth:
    """Prefect's auth string, as the server takes it."""
    name, _, word = secret.get_secret_value().partition(":")
    return httpx.BasicAuth(name, word)


def _reason(answer: httpx.Response) -> str:
    """The server's own words, without its prologue."""
    try:
        said = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        said = answer.text
    return one_line(said.rpartition("Failure reason: ")[2]).rstrip(".")
