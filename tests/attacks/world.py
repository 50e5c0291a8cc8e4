"""Five stacks in production, without a control plane: files, a ledger, blocks in memory, and a
server that is edge and apps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from prefect.logging import disable_run_logger
from prefect.states import Crashed
from prefect.tasks import Task

import flows.recover
import flows.watch
import tasks.back.recovery
import tasks.back.untold
import tasks.frame.environments
from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from tests.unit.ledger_parts import ledger_url
from tidegate.edge.headers import DEPLOYMENT_HEADER
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.settings import Settings

NAMES = ("ant", "bee", "cat", "dog", "elk")
STACK = """
name: {name}
title: {name}
aliases: [the-{name}]
source: {{repository: .}}
services: [{{name: web, image: acme/{name}, port: 8000, ready_path: /}}]
smoke: [{{name: home, path: /, contains: well, most_seconds: 1}}]
smoke_repeat_seconds: 0
notify: [chat-{name}]
environments:
  prod: {{kind: production, approval: false, backup: false, host: {name},
         compose_files: [compose.yaml], env_file: .env, secrets: {{TOKEN: {name}-token}},
         domains: [{name}.localhost], image_alias: latest}}
"""


class Apps(ThreadingHTTPServer):
    """Answers for every application by the edge's rules; `silent` ones accept and never answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.silent, self.ill, self.over = set[str](), set[str](), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Apps

    def do_GET(self) -> None:
        name = self.headers["Host"].partition(".")[0]
        if name in self.server.silent:
            self.server.over.wait(60)
            return
        self.send_response(500 if name in self.server.ill else 200)
        self.send_header(DEPLOYMENT_HEADER, f"{name}/prod/2")
        self.end_headers()
        self.wfile.write(
            b"" if self.path == "/metrics" else b"ill" if name in self.server.ill else b"well"
        )

    def log_message(self, *_: object) -> None:
        """Nothing."""


@dataclass
class World:
    """What the five share, and what one of them may lack."""

    settings: Settings
    ledger: Ledger
    apps: Apps
    blocks: dict[tuple[str, str], Any] = field(default_factory=dict)

    def folder(self, name: str) -> Path:
        return self.settings.stacks / name

    def serving(self, name: str) -> Deployment:
        found = self.ledger.deployments.current(name, "prod")
        assert found is not None
        return found

    def has_looked_at(self, name: str) -> bool:
        return (self.settings.home / "watch" / f"{name}_prod.json").is_file()


class Token:
    """A secret block."""

    def get(self) -> str:
        return "a-long-token-of-no-meaning"


@contextmanager
def applications() -> Iterator[Apps]:
    """The server, listening."""
    apps = Apps()
    threading.Thread(target=apps.serve_forever, daemon=True).start()
    yield apps
    apps.over.set()
    apps.shutdown()
    apps.server_close()


@contextmanager
def world(home: Path, apps: Apps, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Everything well. Tasks run as plain functions, so that no Prefect server is needed; blocks
    come from a table."""
    (home / "ledger.db").write_bytes(_filled_ledger())
    settings = Settings(home=home, stacks=home / "stacks")
    made = World(settings, Ledger(settings.database_url), apps)
    for name in NAMES:
        _add(made, name)
    with disable_run_logger(), monkeypatch.context() as patch:
        for module in (flows.watch, flows.recover, tasks.back.recovery):
            for word, one in vars(module).items():
                if isinstance(one, Task):
                    patch.setattr(module, word, one.fn)
            patch.setattr(module, "Settings", lambda: settings)
        patch.setattr(tasks.frame.environments, "Settings", lambda: settings)
        patch.setattr(
            tasks.frame.adapters,
            "optional",
            lambda kind, name: made.blocks.get((kind.__name__, name)),
        )
        for module in (tasks.back.recovery, tasks.back.untold):
            patch.setattr(module, "run_state", lambda run_id: Crashed(message=run_id))
        yield made
    made.ledger.close()


def _add(made: World, name: str) -> None:
    folder = made.folder(name)
    folder.mkdir(parents=True)
    (folder / "stack.yaml").write_text(STACK.format(name=name))
    (folder / "compose.yaml").write_text("services: {web: {image: x}}\n")
    (folder / ".env").write_text("GREETING=well\n")
    edge = TraefikEdge(
        config_directory=made.settings.home / "edge",
        public_url=made.apps.url,
        check_url=made.apps.url,
    )
    made.blocks |= {
        ("DockerHost", name): DockerHost(url="unix:///nowhere.sock"),
        ("TraefikEdge", name): edge,
        ("Secret", f"{name}-token"): Token(),
        ("SlackWebhook", f"chat-{name}"): object(),
    }


@cache
def _filled_ledger() -> bytes:
    """For each stack two that were good and one that waits for a decision. Filled once: a copy
    costs next to nothing."""
    with TemporaryDirectory() as folder:
        ledger = Ledger(ledger_url(Path(folder)))
        for name in NAMES:
            for run, state in {"first": S.GOOD, "second": S.GOOD, "third": S.WAITING}.items():
                _deploy(ledger, name, run, state)
        ledger.close()
        return Path(folder, "ledger.db").read_bytes()


def _deploy(ledger: Ledger, name: str, run: str, state: S) -> None:
    release = ledger.releases.record(
        stack=name,
        version=f"v-{run}",
        commit=f"{run.encode().hex():0<40}",
        images={"web": "sha256:x"},
        config_hash="c",
    )
    one = ledger.deployments.open(
        key=f"release/{name}-{run}/prod",
        release_id=release.id,
        environment="prod",
        requested_by="mei",
        run_id=run,
    )
    for step in {S.GOOD: (S.CHANGING, S.WATCHING, S.GOOD), S.WAITING: (S.WAITING,)}[state]:
        ledger.deployments.move(one.id, step, reason="test", actor="mei")
