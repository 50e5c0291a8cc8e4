"""A scheduler that never runs twice: each one holds a lock of the kernel while it lives, and says
so in a file.

Beside it a front that the compose file names, and that finds the web service of its own slot.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.docker.host import DockerHost
from cli.run import images
from tests.e2e.in_process import release_here, roll_back_here
from tests.installation import SUFFIX, Installation, remove_stack

pytestmark = pytest.mark.crash_only(
    "tests/e2e/test_in_place.py: another one that never runs twice; tests/flows/test_alone.py"
)
BELFRY = f"belfry{SUFFIX}"
WEB = """
import http.server
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"welcome, VERSION")
http.server.ThreadingHTTPServer(("", 8000), Answers).serve_forever()
"""
BEAT = """
import fcntl, os, signal, sys, time
log = os.open("/shared/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
held = os.open("/shared/lock", os.O_RDWR | os.O_CREAT)
say = lambda what: os.write(log, f"{what} VERSION\\n".encode())
def end(*_):
    time.sleep(1.5)   # a message in flight
    say("end")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
try:
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    say("TWICE")
say("begin")
DIES
while True:
    time.sleep(0.05)
"""
GOOD, DYING = ("v1.0.0", "v1.1.0"), "v1.2.0-dying"
FRONT = """
import http.server, urllib.request
class Passes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(urllib.request.urlopen("http://belfry-web:8000", timeout=5).read())
http.server.ThreadingHTTPServer(("", 80), Passes).serve_forever()
"""
STACK = f"""
name: {BELFRY}
title: Belfry
source: {{repository: REPOSITORY, build_args: {{BASE: "${{PYTHON_IMAGE}}"}}}}
services:
  - {{name: Front, port: 80, ready_path: /, stop_grace_seconds: 1}}
  - {{name: web, image: acme/{BELFRY}, stop_grace_seconds: 1}}
  - {{name: The_Beat, image: acme/{BELFRY}, alone: true, stop_grace_seconds: 1}}
left_out: [adminer]
smoke: [{{name: home, path: /, contains: welcome}}]
smoke_repeat_seconds: 0
environments:
  prod: {{kind: production, approval: false, backup: false, compose_files: [compose.yaml], env_file: .env,
         domains: [{BELFRY}.localhost], image_alias: latest, drain_seconds: 0}}
"""
COMPOSE = """
services:
  Front: {image: "${PYTHON_IMAGE}", command: [python3, -c, FRONT], depends_on: [web], links: [web], container_name: belfry-front}
  web: {image: acme/web, volumes: ["shared:/shared:ro"], container_name: belfry-web}
  The_Beat: {image: acme/beat, command: [python3, /beat.py], container_name: the-beat, restart: always, stop_grace_period: 20s,
             volumes: ["shared:/shared"]}
  adminer: {image: nobody/has-it}
volumes: {shared: {}}
"""


def git(folder: Path, *words: str) -> None:
    name = ["-c", "user.name=mei", "-c", "user.email=mei@example.com"]
    subprocess.run(
        ["git", "-C", folder, *name, *words], check=True, capture_output=True, timeout=60
    )


def make_repository(folder: Path) -> None:
    folder.mkdir()
    git(folder, "init", "--quiet", "-b", "main")
    for version in (*GOOD, DYING):
        (folder / "web.py").write_text(WEB.replace("VERSION", version))
        (folder / "beat.py").write_text(
            BEAT.replace("VERSION", version).replace(
                "DIES", "sys.exit(1)" if version == DYING else ""
            )
        )
        (folder / "Dockerfile").write_text(
            'ARG BASE\nFROM $BASE\nCOPY *.py /\nCMD ["python3", "/web.py"]\n'
        )
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "-m", f"Make {version}")
        git(folder, "tag", version)


@pytest.fixture(scope="module")
def belfry(
    tidegate: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    repository = tmp_path_factory.mktemp("belfry") / "repository"
    make_repository(repository)
    remove_stack(BELFRY, ("prod",))
    folder = tidegate.settings.stacks / BELFRY
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE.replace("FRONT", json.dumps(FRONT)))
    (folder / ".env").write_text(f"PYTHON_IMAGE={images(tidegate.settings.home)['PYTHON_IMAGE']}\n")
    (folder / "stack.yaml").write_text(STACK.replace("REPOSITORY", str(repository)))
    yield tidegate
    tidegate.retire(BELFRY)


def containers() -> list[Any]:
    labels = ["tidegate.environment=prod", f"tidegate.stack={BELFRY}"]
    return DockerHost().client.containers.list(all=True, filters={"label": labels})


def said() -> list[str]:
    """By all schedulers there ever were, in order."""
    web = next(one for one in containers() if one.status == "running" and "-web-" in one.name)
    lines: list[str] = web.exec_run(["cat", "/shared/log"]).output.decode().split("\n")
    return lines[:-1]


def image_of_front(belfry: Installation) -> str:
    return str(belfry.history(BELFRY, "prod")[0].release.images["Front"])


def evidence(belfry: Installation, step: str) -> Any:
    newest = belfry.history(BELFRY, "prod")[0]
    return next(row.evidence for row in belfry.ledger.journal.steps(newest.id) if row.name == step)


def test_two_schedulers_never_run_at_once_in_releases_a_failed_one_and_a_rollback(
    belfry: Installation,
) -> None:
    for version in GOOD:
        state = release_here(BELFRY, version)
        assert state.is_completed(), state.message
        assert (
            belfry.get(f"{BELFRY}.localhost", "/").text == f"welcome, {version}"
        )  # by way of the front of its own slot
    assert 0 <= evidence(belfry, "hand-over-alone")["gap_seconds"]["The_Beat"] < 10
    assert "The_Beat" in evidence(belfry, "publish-record")["record"]

    assert "sha256:" in image_of_front(belfry)  # pinned, although nothing of it is built

    failed = release_here(BELFRY, DYING)
    assert failed.is_failed()
    assert "starting " in str(failed.message)  # before anybody was sent to it
    assert "its process ended" in str(failed.message)
    assert evidence(belfry, "hand-back-alone")["gap_seconds"]["The_Beat"] >= 0

    state = roll_back_here(BELFRY)
    assert state.is_completed(), state.message
    first, second = GOOD
    assert belfry.get(f"{BELFRY}.localhost", "/").text == f"welcome, {first}"
    whole = said()
    assert "TWICE" not in " ".join(whole)
    dying = f"begin {DYING}"
    assert [one for one in whole if one != dying] == [
        f"begin {first}",
        f"end {first}",
        f"begin {second}",
        f"end {second}",
        f"begin {second}",
        f"end {second}",
        f"begin {first}",
    ]
    tried = [
        place for place, one in enumerate(whole) if one == dying
    ]  # the engine starts it again and again
    assert tried == list(
        range(4, 4 + len(tried))
    )  # after the second one had ended, and before it began again

    beats = {one.name: one for one in containers() if "The_Beat" in one.name}
    assert [one.status for one in beats.values()].count("running") == 1
    stopped = [
        one.attrs["HostConfig"]["RestartPolicy"]["Name"]
        for one in beats.values()
        if one.status == "exited"
    ]
    assert stopped == ["unless-stopped"]  # so that it stays stopped when the engine restarts
