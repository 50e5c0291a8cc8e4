"""Small real applications that ask something of a visitor, and the production of a shop at a real
Traefik before them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from tasks.frame.adapters import ports_at
from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.opening import work_of
from tasks.frame.work import Work
from tests.unit.ledger_parts import ledger_url
from tidegate.edge.facts import Route, Target
from tidegate.ledger import Deployment, Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.secrecy.redaction import Redactor
from tidegate.settings import Settings
from tidegate.stack.file import load_stack

DOMAIN = "shop.example.test"
PORTS = ("edge_port", "edge_check_port")
STACK = """
name: shop
title: Shop
source: {{repository: .}}
services: [{{name: web, image: acme/shop, port: 8000, ready_path: {ready_path}, start_budget_seconds: {budget}}}]
smoke: [{{name: home, path: {path}, contains: welcome, most_seconds: 1}}]
environments:
  prod: {{kind: production, compose_files: [c.yml], env_file: .env, domains: [{domains}], image_alias: latest, https: {https},
         shares_names_with: [{partners}]}}
"""


class App(ThreadingHTTPServer):
    """Knows its hosts, as Django does. `https_only`: leads whoever came by http to https. `ready`:
    what /ready answers, one after the other; the last one for ever."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *ready: int, https_only: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.ready, self.https_only = list(ready or (200,)), https_only
        self.seen = list[dict[str, str]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: App

    def do_GET(self) -> None:
        self.server.seen.append(
            {"path": self.path, **{name.lower(): value for name, value in self.headers.items()}}
        )
        if self.headers["Host"] != DOMAIN:
            self._answer(400, "who is that?")
        elif self.server.https_only and self.headers.get("X-Forwarded-Proto") != "https":
            self._answer(301, "", location=f"https://{DOMAIN}{self.path}")
        elif self.path == "/ready":
            self._answer(
                self.server.ready[0] if len(self.server.ready) == 1 else self.server.ready.pop(0),
                "",
            )
        else:
            self._answer(200, json.dumps({"welcome": dict(self.headers)}))

    def _answer(self, status: int, body: str, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def running(app: App) -> Iterator[App]:
    thread = threading.Thread(target=app.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield app
    app.shutdown()
    thread.join()
    app.server_close()


@dataclass
class Shop:
    """Its production: deployment 1 was good, 2 is being released."""

    env: OpenEnvironment
    old: Deployment
    new: Work
    fence: int = field(default=1)

    def route(
        self, *targets: Target, standby: Target | None = None, candidate: Target | None = None
    ) -> Route:
        self.fence += 1
        return Route(
            "shop",
            "prod",
            self.env.config.domains,
            targets,
            standby,
            candidate,
            self.fence,
            self.env.ready_path,
            self.env.config.https,
        )


@contextmanager
def shop(
    folder: Path,
    edge: TraefikEdge,
    *,
    ready_path: str = "/ready",
    https: bool = False,
    budget: int = 1,
    domains: str = DOMAIN,
    partners: str = "",
    path: str = "/",
) -> Iterator[Shop]:
    """Everything of it is real but its containers: Traefik sends people to servers of the test."""
    (folder / "home").mkdir()
    (folder / "home" / "edge").symlink_to(edge.config_directory)
    (folder / "shop").mkdir()
    (folder / "shop" / "stack.yaml").write_text(
        STACK.format(
            ready_path=ready_path,
            https=str(https).lower(),
            budget=budget,
            domains=domains,
            partners=partners,
            path=path,
        )
        + (f"routes: [{{path: {path}, service: web}}]\n" if path != "/" else "")
    )
    numbers = (int(url.rpartition(":")[2]) for url in (edge.public_url, edge.check_url))
    settings = Settings(
        home=folder / "home", stacks=folder, **dict(zip(PORTS, numbers, strict=True))
    )
    stack, redactor = load_stack(folder / "shop"), Redactor({})
    ledger, ports = (
        Ledger(ledger_url(settings.home)),
        ports_at(settings, stack, "prod", DockerHost(), edge),
    )
    env = OpenEnvironment(
        **vars(ports),
        settings=settings,
        stack=stack,
        name="prod",
        config=stack.environments["prod"],
        ledger=ledger,
        values={},
        redactor=redactor,
        read={"services": {}},
    )
    old, new = (
        _deployed(ledger, "v1", S.CHANGING, S.WATCHING, S.GOOD),
        _deployed(ledger, "v2", S.CHANGING),
    )
    yield Shop(env, old, work_of(env, new))
    ledger.close()


def _deployed(ledger: Ledger, version: str, *states: S) -> Deployment:
    release = ledger.releases.record(
        stack="shop",
        version=version,
        commit=f"{version.encode().hex():0<40}",
        images={"web": f"sha256:{version}"},
        config_hash="c",
    )
    before = ledger.deployments.current("shop", "prod")
    made = ledger.deployments.open(
        key=f"release/{version}",
        release_id=release.id,
        environment="prod",
        requested_by="mei",
        run_id=version,
        rollback_target_id=before.id if before else None,
    )
    for state in states:
        made = ledger.deployments.move(made.id, state, reason="test", actor="mei")
    return made
