"""What `tidegate rollback` says while it follows a run, and to whom it speaks: a server that
answers as told, no Prefect."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from cli.follow import start_and_follow
from cli.prefect_api import PrefectApi
from setup.places import ROOT
from tidegate.errors import EngineError
from tidegate.pages.serving_again import served_again
from tidegate.settings import Settings

RUN = {"id": "11111111-1111-1111-1111-111111111111"}


class Server(ThreadingHTTPServer):
    """Says the states of a run one after the other; whoever asks again hears the last one again."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.said: list[tuple[str, list[str]]] = []
        self.answer: tuple[int, dict[str, str], bytes] | None = None
        self.asked: list[str] = []
        self.known: dict[str, Any] = {}
        """Answers by path."""

    def next(self) -> dict[str, Any]:
        kind, tags = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        return {**RUN, "state": {"type": kind, "name": kind.title(), "message": ""}, "tags": tags}


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.answer:
            return self._send(*self.server.answer)
        found = self.server.known.get(self.path, RUN)
        found = self.server.next() if self.path.startswith("/api/flow_runs/") else found
        self._send(200, {}, json.dumps(found).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def api(server: Server) -> PrefectApi:
    return PrefectApi(f"http://127.0.0.1:{server.server_port}/api", SecretStr("name:secret"))


def followed(
    server: Server, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> tuple[int, str]:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    monkeypatch.setattr("cli.prefect_api.POLL_SECONDS", 0.01)
    monkeypatch.setattr("cli.prefect_api.AGAIN_SECONDS", 0)
    shown = io.StringIO()
    code = start_and_follow(settings, lambda: Console(file=shown, width=200), "rollback/prod", {})
    return code, shown.getvalue()


def test_the_old_version_is_told_to_serve_again_once_and_before_the_run_ends(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = ["prod", "shop", served_again("v1.0.0")]
    server.said = [("RUNNING", ["prod"]), ("RUNNING", tags), ("RUNNING", tags), ("COMPLETED", tags)]
    code, said = followed(server, monkeypatch, Settings())
    assert code == 0
    assert said.count("✓ v1.0.0 serves again, ") == 1
    assert said.index("Running") < said.index("serves again") < said.index("Completed")
    assert said.count("Running") == 1


def test_a_run_that_put_nothing_back_says_nothing_of_serving_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.said = [("RUNNING", ["prod", "shop", "v1.0.0"]), ("FAILED", ["prod", "shop", "v1.0.0"])]
    code, said = followed(server, monkeypatch, Settings())
    assert code == 1
    assert "again" not in said


def attended(*, paused: bool = False, heard: bool = True) -> dict[str, Any]:
    gives = {"is_paused": False, "concurrency_limit": None}
    workers = [
        {"last_heartbeat_time": datetime.now(UTC).isoformat(), "heartbeat_interval_seconds": 30}
    ]
    starts = {**RUN, "paused": False, "schedules": [{"active": True}]}
    return {
        "/api/work_pools/tidegate": {**gives, "is_paused": paused, "default_queue_id": "q"},
        "/api/work_queues/q": gives,
        "/api/work_pools/tidegate/workers/filter": workers if heard else [],
        **{f"/api/deployments/name/{name}": starts for name in ("recover/all", "watch/all")},
    }


WAITS = [("SCHEDULED", list[str]())] * 5 + [("RUNNING", list[str]()), ("COMPLETED", list[str]())]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (attended(paused=True), "The work pool is paused: "),
        (attended(heard=False), "No worker is heard (last: never): "),
    ],
)
def test_a_run_that_nobody_starts_is_not_waited_for_without_a_word(
    server: Server, monkeypatch: pytest.MonkeyPatch, seen: dict[str, Any], said: str
) -> None:
    server.known, server.said = seen, list(WAITS)
    code, shown = followed(server, monkeypatch, Settings())
    assert code == 0
    assert shown.count(f"It waits to be started. {said}") == 1


def test_a_run_that_waits_for_its_turn_is_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.known, server.said = attended(), list(WAITS)
    assert "It waits to be started" not in followed(server, monkeypatch, Settings())[1]


def test_a_worker_of_this_machine_that_died_is_missed_before_its_heartbeat_is(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, prefect_port=server.server_port)
    settings.api_auth()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "worker.pid").write_text(
        json.dumps({"pid": os.getpid(), "started_at": "of another process"})
    )
    server.known, server.said = attended(), list(WAITS)
    assert (
        "It waits to be started. No worker is heard" in followed(server, monkeypatch, settings)[1]
    )


def test_a_redirect_takes_the_secret_nowhere_else(server: Server, api: PrefectApi) -> None:
    server.answer = (307, {"Location": f"http://127.0.0.1:{server.server_port}/elsewhere"}, b"")
    with pytest.raises(EngineError, match="answered 307"):
        api.state(RUN["id"])
    assert server.asked == [f"/api/flow_runs/{RUN['id']}"]


def test_our_own_server_is_asked_by_no_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    server.said = [("RUNNING", [])]
    assert (
        PrefectApi(f"http://127.0.0.1:{server.server_port}/api", SecretStr("name:secret"))
        .state(RUN["id"])
        .type
        == "RUNNING"
    )


def test_whoever_answers_and_is_no_prefect_server_is_named(server: Server, api: PrefectApi) -> None:
    server.answer = (200, {}, b"<html>a page")
    with pytest.raises(
        EngineError, match=r"no Prefect server answers at http://127.0.0.1:\d+/api: <html>a page"
    ):
        api.state(RUN["id"])


def test_the_way_to_a_started_run_imports_nothing_that_takes_long() -> None:
    """Whoever is on call waits for it: drawing, HTTP and settings libraries took as long as all the
    rest."""
    looked = (
        "import sys, cli.main, cli.rollback; print(*{one.split('.')[0] for one in sys.modules})"
    )
    found = subprocess.run(
        [sys.executable, "-c", looked], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert not {
        "rich",
        "httpx",
        "pydantic_settings",
        "prefect",
        "sqlalchemy",
        "docker",
        "yaml",
        "asyncio",
    } & set(found.split())
