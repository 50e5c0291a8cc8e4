"""The few calls to the Prefect API that a command needs. It imports neither Prefect, which takes
seconds, nor an HTTP library, which takes longer than the calls: whoever types `tidegate rollback`
waits for each import."""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr

from tidegate.errors import EngineError, InputError
from tidegate.policy.attendance import BY_THEMSELVES, POOL, Attendance, attendance_of
from tidegate.secrecy.outside_text import one_line

TIMEOUT_SECONDS = 10
BUSY_SECONDS = 30
POLL_SECONDS = 0.2
AGAIN_SECONDS = 5
_OF_FIELD = re.compile(r"failed for field '([^']+)'")
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})


@dataclass(frozen=True)
class RunState:
    """`type` is Prefect's: SCHEDULED, PENDING, RUNNING, PAUSED, COMPLETED ...; `name` is what its
    pages show."""

    type: str
    name: str
    message: str
    tags: tuple[str, ...] = ()

    @property
    def without_tags(self) -> tuple[str, str, str]:
        return self.type, self.name, self.message

    @property
    def final(self) -> bool:
        return self.type in FINAL

    @property
    def has_not_begun(self) -> bool:
        return self.type in ("SCHEDULED", "PENDING")

    @property
    def waits_for_person(self) -> bool:
        return self.type == "PAUSED"


class PrefectApi:
    """A Prefect server at `url` (`http://host:port/api`), which is told `secret` (`name:secret`).
    Raises EngineError when it does not answer, InputError when it refuses the request."""

    def __init__(self, url: str, secret: SecretStr | None = None) -> None:
        self.url = url.rstrip("/")
        self._headers = {
            "Content-Type": "application/json",
            **(auth_header(secret) if secret else {}),
        }
        here = urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
        # nobody between us and our own server
        proxies = [urllib.request.ProxyHandler({})] if here else []
        self._opener = urllib.request.build_opener(_Stay, *proxies)

    def start(self, deployment: str, parameters: dict[str, Any]) -> str:
        """Start a run of `flow/name`; its id. A call that was repeated starts one run."""
        found = self._call(
            "GET", f"/deployments/name/{deployment}", f"finding the deployment {deployment}"
        )
        body = {
            "parameters": parameters,
            "idempotency_key": str(uuid.uuid4()),
            "state": {"type": "SCHEDULED"},
        }
        run = self._call(
            "POST", f"/deployments/{found['id']}/create_flow_run", f"starting {deployment}", body
        )
        return str(run["id"])

    def states(self, run: str) -> Iterator[RunState]:
        """Each state of a run as it is reached, to the last one; the same again where nothing has
        come for some seconds."""
        last, told = RunState("", "", ""), 0.0
        while not last.final:
            state = self.state(run)
            if state != last or time.monotonic() - told > AGAIN_SECONDS:
                last, told = state, time.monotonic()
                yield state
            else:
                time.sleep(POLL_SECONDS)

    def state(self, run: str) -> RunState:
        found = self._call("GET", f"/flow_runs/{run}", "asking for the state of the run")
        state = found["state"] or {}
        return RunState(
            state.get("type", ""),
            state.get("name", ""),
            state.get("message") or "",
            tuple(found.get("tags") or ()),
        )

    def pages(self, run: str, name: str) -> list[str]:
        """What the run has published under keys that end in `name`, as markdown, the newest
        first."""
        wanted = {
            "artifacts": {"flow_run_id": {"any_": [run]}, "type": {"any_": ["markdown"]}},
            "sort": "CREATED_DESC",
        }
        found = self._call("POST", "/artifacts/filter", "reading the pages of the run", wanted)
        return [str(one["data"]) for one in found if str(one["key"]).endswith(f"-{name}")]

    def attendance(self) -> Attendance:
        """Who would start a run now. Raises EngineError, InputError."""
        doing, pool = "asking who starts runs", f"/work_pools/{POOL}"
        found = self._call("GET", pool, doing)
        queue = self._call("GET", f"/work_queues/{found['default_queue_id']}", doing)
        workers = self._call("POST", f"{pool}/workers/filter", doing, {})
        return attendance_of(
            found, queue, workers, {name: self._deployment(name) for name in BY_THEMSELVES}
        )

    def _deployment(self, name: str) -> dict[str, Any] | None:
        """None where the server knows no such deployment."""
        path, doing = f"/deployments/name/{name}", f"finding {name}"
        answer = self._send_until_not_busy("GET", path, doing, None)
        return None if answer.status == HTTPStatus.NOT_FOUND else self._understood(answer, doing)

    def is_let_in(self) -> bool:
        return self._send_until_not_busy(
            "GET", "/admin/version", "asking who is let in", None
        ).is_success

    def page_of(self, run: str) -> str:
        return f"{self.url.removesuffix('/api')}/runs/flow-run/{run}"

    def _call(self, method: str, path: str, doing: str, body: dict[str, Any] | None = None) -> Any:
        return self._understood(self._send_until_not_busy(method, path, doing, body), doing)

    def _understood(self, answer: _Answer, doing: str) -> Any:
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise InputError(
                doing,
                "the Prefect server does not know the secret of this installation",
                "`tidegate stop` and `tidegate run` start it with that; for another server set "
                "PREFECT_API_AUTH_STRING",
            )
        if answer.status == HTTPStatus.NOT_FOUND:
            raise InputError(
                doing,
                "the Prefect server does not know it",
                "`tidegate run` registers the deployments; an environment that is new "
                "is known within a minute",
            )
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise InputError(doing, _reason(answer), _to_do(answer))
        if not answer.is_success:
            said = one_line(answer.text, 200)
            raise EngineError(
                doing, f"the Prefect server answered {answer.status}: {said}", "Read its log"
            )
        try:
            return json.loads(answer.text)
        except ValueError:
            raise EngineError(
                doing,
                f"no Prefect server answers at {self.url}: {one_line(answer.text, 200)}",
                "Look at PREFECT_API_URL; it ends with /api",
            ) from None

    def _send_until_not_busy(
        self, method: str, path: str, doing: str, body: dict[str, Any] | None
    ) -> _Answer:
        """A server on SQLite answers 503 while another call writes."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            answer = self._send(method, path, doing, body)
            if answer.status != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > until:
                return answer
            time.sleep(POLL_SECONDS)

    def _send(self, method: str, path: str, doing: str, body: dict[str, Any] | None) -> _Answer:
        data = None if body is None else json.dumps(body).encode()
        try:
            asked = urllib.request.Request(self.url + path, data, self._headers, method=method)
            with self._opener.open(asked, timeout=TIMEOUT_SECONDS) as answer:
                return _Answer(answer.status, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as refused:
            with refused:
                return _Answer(refused.code, refused.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineError(
                doing,
                f"the Prefect server at {self.url} does not answer ({_plainly(error)})",
                "Start it with `tidegate run`",
            ) from error


def _plainly(error: Exception) -> str:
    """`urllib` wraps what the system said."""
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: the secret is for this server alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class _Answer:
    status: int
    text: str

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def auth_header(secret: SecretStr) -> dict[str, str]:
    """Prefect's auth string, as the server takes it."""
    return {
        "Authorization": f"Basic {base64.b64encode(secret.get_secret_value().encode()).decode()}"
    }


def _reason(answer: _Answer) -> str:
    """The server's own words, without its prologue, and which value they are about."""
    said = _detail(answer)
    field = _OF_FIELD.search(said)
    reason = one_line(said.rpartition("Failure reason: ")[2]).rstrip(".")
    return f"{field[1]}: {reason}" if field else reason


def _to_do(answer: _Answer) -> str:
    is_choice = "is not one of" in _detail(answer)
    return "Correct it" + ("; a stack that is new is known within a minute" * is_choice)


def _detail(answer: _Answer) -> str:
    try:
        return str(json.loads(answer.text)["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text
