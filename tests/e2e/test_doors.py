"""A frontend at `/`, its API at `/api`, a second port of the API and a name of its own: released,
released again, rolled back."""

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

from tests import images
from tests.e2e.in_process import PATIENCE_SECONDS, release_here, roll_back_here
from tests.installation import SUFFIX, Installation, remove_images, remove_stack
from tidegate.edge.headers import DEPLOYMENT_HEADER

pytestmark = pytest.mark.crash_only(
    "tests/flows/test_doors.py; tests/integration/test_doors_at_the_edge.py and test_routes_on_traefik.py"
)
FAIR = f"fair{SUFFIX}"
HOST, ADMIN, TENANT = (
    f"{FAIR}.localhost",
    f"admin.{FAIR}.localhost",
    f"north.tenants.{FAIR}.localhost",
)
APP = """
import http.server, json, os, threading
class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        own = {"role": os.environ["ROLE"], "port": self.server.server_port, "path": self.path, "version": os.environ["VERSION"]}
        body = json.dumps(own).encode()
        self.send_response(404 if self.path == "/health" and self.server.server_port == 8072 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer.request_queue_size = 64
servers = [http.server.ThreadingHTTPServer(("", port), App) for port in (8000, 8072)]
for server in servers[1:]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
servers[0].serve_forever()
"""
DOCKERFILE = """ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG VERSION
ENV VERSION=${VERSION}
COPY app.py /app.py
STOPSIGNAL SIGKILL
CMD ["python3", "/app.py"]
"""
COMPOSE = """services:
  frontend: {build: ., image: acme/front, environment: {ROLE: frontend}}
  api: {build: ., image: acme/api, environment: {ROLE: api}}
"""
STACK = """name: NAME
title: Fair
language: en
source: {repository: REPOSITORY, build_args: {BASE_IMAGE: "${BASE_IMAGE}"}}
services:
  - {name: frontend, image: acme/front, port: 8000, ready_path: /}
  - {name: api, image: acme/api, port: 8000, ready_path: /health}
routes:
  - {path: /, service: frontend}
  - {path: /api, service: api, sticky: true}
  - {path: /api/live, service: api, port: 8072, ready_path: /api/live}
  - {path: /, service: api, domains_of: admin}
smoke:
  - {name: page, path: /, json_fields: {role: frontend}, contains: frontend}
  - {name: bills, path: /api/bills, json_fields: {role: api, port: 8000, path: /api/bills}}
  - {name: live, path: /api/live/1, json_fields: {role: api, port: 8072}}
  - {name: admin, domains_of: admin, path: /, json_fields: {role: api}}
smoke_repeat_seconds: 0
environments:
  prod:
    kind: production
    approval: false
    backup: false
    compose_files: [compose.yaml]
    env_file: .env
    domains: [NAME.localhost, "*.tenants.NAME.localhost"]
    domains_of: {admin: [admin.NAME.localhost]}
    image_alias: latest
    drain_seconds: 1
"""


@pytest.fixture(scope="module")
def fair(tidegate: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two versions in a repository, and a stack of two services without a database."""
    repository = tmp_path_factory.mktemp("fair")
    (repository / "app.py").write_text(APP)
    (repository / "Dockerfile").write_text(DOCKERFILE)
    for version in ("v1.0.0", "v2.0.0"):
        git = [
            "git",
            "-C",
            str(repository),
            "-c",
            "user.name=mei",
            "-c",
            "user.email=mei@example.com",
        ]
        for words in (
            ["init", "--quiet", "-b", "main"],
            ["add", "--all"],
            ["commit", "--quiet", "--allow-empty", "-m", f"Make {version}"],
            ["tag", version],
        ):
            subprocess.run([*git, *words], check=True, capture_output=True, timeout=60)
    remove_stack(FAIR, ["prod"])
    folder = tidegate.settings.stacks / FAIR
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE)
    (folder / ".env").write_text(f"BASE_IMAGE={images.BASE}\n")
    (folder / "stack.yaml").write_text(
        STACK.replace("NAME", FAIR).replace("REPOSITORY", str(repository))
    )
    yield FAIR
    tidegate.retire(FAIR)
    remove_images(FAIR)


@dataclass
class Seen:
    """One answer, with the moments between which it was made."""

    began: float
    ended: float
    host: str
    path: str
    status: int
    deployment: int
    role: str


@dataclass
class Visitors:
    """One for each door, who asks again as soon as the answer is there."""

    url: str
    seen: list[Seen] = field(default_factory=list)

    def ask(self, client: httpx.Client, host: str, path: str) -> Seen:
        began = time.monotonic()
        answer = client.get(f"{self.url}{path}", headers={"Host": host})
        number = int(answer.headers.get(DEPLOYMENT_HEADER, "//0").rpartition("/")[2])
        role = answer.json()["role"] if answer.status_code == 200 else ""
        return Seen(began, time.monotonic(), host, path, answer.status_code, number, role)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While the block lasts."""
        ended, self.seen = threading.Event(), []

        def visit(host: str, path: str) -> None:
            with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False) as client:
                while not ended.is_set():
                    self.seen.append(self.ask(client, host, path))
                    time.sleep(0.02)

        doors = (
            (HOST, "/"),
            (HOST, "/api/bills"),
            (HOST, "/api/live/1"),
            (ADMIN, "/"),
            (TENANT, "/api"),
        )
        threads = [threading.Thread(target=visit, args=door) for door in doors]
        for thread in threads:
            thread.start()
        yield
        ended.set()
        for thread in threads:
            thread.join()


def mixed(seen: list[Seen], old: int) -> list[tuple[Seen, Seen]]:
    """Answers of the old version to requests that began after some door had answered for the new
    one."""
    first = min((one for one in seen if one.deployment != old), key=lambda one: one.ended)
    return [(first, one) for one in seen if one.began > first.ended and one.deployment == old]


def test_all_doors_of_a_release_are_switched_together_and_lose_nothing(
    tidegate: Installation, fair: str
) -> None:
    visitors = Visitors(f"http://127.0.0.1:{tidegate.settings.edge_port}")
    state = release_here(fair, "v1.0.0")
    assert state.is_completed(), state.message
    acts: list[tuple[Callable[[], State[Any]], int]] = [
        (partial(release_here, fair, "v2.0.0"), 1),
        (partial(roll_back_here, fair), 2),
    ]
    for act, old in acts:
        with visitors.asking():
            state = act()
        assert state.is_completed(), state.message
        assert [one for one in visitors.seen if one.status != 200] == []
        assert {one.deployment for one in visitors.seen} > {old}
        assert {
            one.deployment
            for one in visitors.seen
            if one.began
            > max((one.ended for one in visitors.seen if one.deployment == old), default=0)
        } != {old}
        assert mixed(visitors.seen, old) == []
        assert {(one.host, one.path): one.role for one in visitors.seen} == {
            (HOST, "/"): "frontend",
            (HOST, "/api/bills"): "api",
            (HOST, "/api/live/1"): "api",
            (ADMIN, "/"): "api",
            (TENANT, "/api"): "api",
        }
        newest = tidegate.history(fair)[0]
        assert newest.figures["traffic"]["failed"] == 0


def test_only_the_door_that_asks_for_it_gives_a_cookie(tidegate: Installation, fair: str) -> None:
    assert "tidegate_server_1" in tidegate.get(HOST, "/api/bills").headers["set-cookie"]
    assert "set-cookie" not in tidegate.get(HOST, "/").headers
    assert tidegate.get(f"a.{TENANT}", "/").status_code == 404, (
        "only names directly below are a wildcard's"
    )
