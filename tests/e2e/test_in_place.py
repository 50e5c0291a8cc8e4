"""An application that cannot run twice at all: it holds a lock of the kernel while it lives, and
dies where another one holds it."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest
from prefect.client.schemas.objects import State

from cli.run import images
from tests.e2e.in_process import PATIENCE_SECONDS, release_here, roll_back_here
from tests.installation import SUFFIX, Installation, remove_stack

BELL = f"bell{SUFFIX}"
HOST = f"{BELL}.localhost"
GOOD, BAD, DYING = ("v1.0.0", "v1.1.0"), "v1.2.0-bad", "v1.3.0-dying"
APP = """
import fcntl, http.server, os, signal, sys, threading, time
held = os.open("/shared/lock", os.O_RDWR | os.O_CREAT)
try:
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    os.write(os.open("/shared/twice", os.O_WRONLY | os.O_CREAT), b"VERSION")
    sys.exit(9)
DIES
time.sleep(0.5)  # it runs, and nobody is answered yet
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if "bad" in "VERSION" and self.path == "/shown" else 200)
        self.end_headers()
        self.wfile.write(b"welcome, VERSION" if self.path != "/twice" else
                         open("/shared/twice", "rb").read() if os.path.exists("/shared/twice") else b"never")
    def log_message(self, *words):
        pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False  # what it was asked before it is told to end gets its answer
server = Server(("", 8000), Answers)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
"""
STACK = f"""
name: {BELL}
title: Bell
source: {{repository: REPOSITORY, build_args: {{BASE: "${{PYTHON_IMAGE}}"}}}}
services:
  - {{name: web, image: acme/{BELL}, port: 8000, ready_path: /, alone: true, stop_grace_seconds: 2,
     start_budget_seconds: 30}}
smoke: [{{name: home, path: /shown, contains: welcome}}]
smoke_repeat_seconds: 0
environments:
  prod: {{kind: production, approval: false, backup: false, compose_files: [compose.yaml], env_file: .env,
         domains: [{HOST}], image_alias: latest, drain_seconds: 0}}
"""
COMPOSE = 'services: {web: {image: acme/web, volumes: ["shared:/shared"]}}\nvolumes: {shared: {}}\n'


def git(folder: Any, *words: str) -> None:
    name = ["-c", "user.name=mei", "-c", "user.email=mei@example.com"]
    subprocess.run(
        ["git", "-C", folder, *name, *words], check=True, capture_output=True, timeout=60
    )


@pytest.fixture(scope="module")
def bell(
    tidegate: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    repository = tmp_path_factory.mktemp("bell") / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet", "-b", "main")
    for version in (*GOOD, BAD, DYING):
        dies = "sys.exit(1)" if version == DYING else ""
        (repository / "app.py").write_text(APP.replace("VERSION", version).replace("DIES", dies))
        (repository / "Dockerfile").write_text(
            'ARG BASE\nFROM $BASE\nCOPY app.py /\nCMD ["python3", "/app.py"]\n'
        )
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "-m", f"Make {version}")
        git(repository, "tag", version)
    remove_stack(BELL, ("prod",))
    folder = tidegate.settings.stacks / BELL
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE)
    (folder / ".env").write_text(f"PYTHON_IMAGE={images(tidegate.settings.home)['PYTHON_IMAGE']}\n")
    (folder / "stack.yaml").write_text(STACK.replace("REPOSITORY", str(repository)))
    yield tidegate
    tidegate.retire(BELL)


@dataclass
class Visitor:
    """Asks again as soon as the answer is there."""

    url: str
    seen: list[httpx.Response] = field(default_factory=list)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While the block lasts."""
        ended, self.seen = threading.Event(), []

        def visit() -> None:
            with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False) as client:
                while not ended.is_set():
                    self.seen.append(client.get(self.url, headers={"Host": HOST}))
                    time.sleep(0.02)

        thread = threading.Thread(target=visit)
        thread.start()
        yield
        ended.set()
        thread.join()


def evidence(bell: Installation, step: str) -> Any:
    newest = bell.history(BELL, "prod")[0]
    return next(row.evidence for row in bell.ledger.journal.steps(newest.id) if row.name == step)


def test_people_get_the_old_version_a_notice_or_the_new_one_and_nothing_runs_twice(
    bell: Installation,
) -> None:
    first, second = GOOD
    state = release_here(BELL, first)
    assert state.is_completed(), state.message
    visitor = Visitor(f"http://127.0.0.1:{bell.settings.edge_port}/")
    acts: list[tuple[Callable[[], State[Any]], str, str]] = [
        (partial(release_here, BELL, second), first, second),
        (partial(release_here, BELL, BAD), second, second),
        (partial(release_here, BELL, DYING), second, second),
        (partial(roll_back_here, BELL), second, first),
    ]
    for act, before, after in acts:
        with visitor.asking():
            state = act()
        assert state.is_failed() is (before == after), state.message
        told = [one.text if one.status_code == 200 else one.status_code for one in visitor.seen]
        assert (told[0], told[-1]) == (f"welcome, {before}", f"welcome, {after}")
        assert {*told} == {f"welcome, {before}", 503, f"welcome, {after}"}
        closed = [one for one in visitor.seen if one.status_code == 503]
        assert {one.headers.get("Retry-After") for one in closed} == {"30"}
        step = "end-maintenance" if before == after else "shift-traffic"
        assert 0 < evidence(bell, step)["outage_seconds"] < 60
        if state.is_completed() and after == second:
            assert "Nobody was served for" in evidence(bell, "publish-record")["record"]
    assert bell.get(HOST, "/twice").text == "never"
