"""The generated file on the real Traefik, in front of real servers that are killed under
requests."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest

from cli.control_plane import BIN
from tidegate.edge.facts import Route, Served, Target
from tidegate.edge.headers import DEPLOYMENT_HEADER, headers_for
from tidegate.edge.routes import traefik_config

SERVER = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1      # an answer is one write: nobody can ask again for one that a kill cuts
    def do_GET(self):
        time.sleep(0.02)   # so that a kill meets requests in flight
        body = sys.argv[1].encode()
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@dataclass
class Server:
    """One slot's stand-in: answers with its number, and `/broken` with 500."""

    process: subprocess.Popen[str]
    target: Target

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Traefik:
    public: str
    check: str
    api: str
    folder: Path
    log: Path

    def write(self, route: Route) -> None:
        text = traefik_config(route)
        (self.folder / "new").write_text(text, encoding="utf-8")
        (self.folder / "new").rename(self.folder / f"{route.stack}-{route.environment}.yml")

    def get(self, host: str, *, slot: int | None = None, path: str = "/") -> httpx.Response:
        """At the public door, or at the address of the slot `slot`."""
        served = Served("cloudlens", "prod", slot) if slot else None
        headers = {"Host": host, **headers_for(https=False, slot=served)}
        return httpx.get(
            f"{self.check if slot else self.public}{path}", headers=headers, timeout=10
        )

    def items(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(
            f"{self.api}/api/http/{kind}", params={"per_page": 100}
        ).json()
        return found

    def problems(self) -> list[str]:
        """Errors, and warnings that are about a file's content."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        about_content = {"providerName", "routerName", "serviceName", "middlewareName"}
        return [
            str(line)
            for line in lines
            if line["level"] in ("error", "fatal")
            or (line["level"] == "warn" and about_content & line.keys())
        ]


def until(what: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not become so in time"
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


@pytest.fixture
def start_server() -> Iterator[Callable[[int], Server]]:
    started: list[Server] = []

    def start(number: int) -> Server:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(number)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        port = int(process.stdout.readline())
        process.stdout.close()
        started.append(Server(process, Target(number, f"http://127.0.0.1:{port}")))
        return started[-1]

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def traefik(tmp_path: Path) -> Iterator[Traefik]:
    (tmp_path / "dynamic").mkdir()
    log = tmp_path / "log"
    public, check, api = (f"127.0.0.1:{port}" for port in free_ports(3))
    flags = [
        f"--entrypoints.web.address={public}",
        f"--entrypoints.check.address={check}",
        "--api.insecure=true",
        f"--entrypoints.traefik.address={api}",
        f"--providers.file.directory={tmp_path / 'dynamic'}",
        "--providers.providersthrottleduration=20ms",
        "--log.format=json",
        f"--log.filepath={log}",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]
    process = subprocess.Popen(
        [BIN / "traefik", *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    running = Traefik(
        f"http://{public}", f"http://{check}", f"http://{api}", tmp_path / "dynamic", log
    )

    def answers() -> bool:
        try:
            return httpx.get(f"{running.api}/api/version").is_success
        except httpx.TransportError:
            return False

    try:
        until(answers)
        yield running
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def old(start_server: Callable[[int], Server]) -> Server:
    return start_server(41)


@pytest.fixture
def new(start_server: Callable[[int], Server]) -> Server:
    return start_server(42)


def route(serving: Server, **parts: Any) -> Route:
    made = Route(
        "cloudlens",
        "prod",
        ("cloudlens.localhost",),
        (serving.target,),
        None,
        None,
        1,
        "/ready",
        False,
    )
    return replace(made, **parts)


def shapes(old: Server, new: Server) -> list[Route]:
    """Every form that a route can take."""
    shares = (replace(new.target, weight=10), replace(old.target, weight=90))
    third = replace(old.target, deployment=40)
    base = route(new)
    return [
        base,
        replace(base, standby=old.target),
        replace(base, candidate=old.target),
        replace(base, targets=shares),
        replace(base, targets=shares, standby=third, candidate=replace(third, deployment=43)),
        replace(base, targets=(), candidate=new.target),
    ]


def test_every_form_of_a_route_loads_without_a_complaint(
    traefik: Traefik, old: Server, new: Server
) -> None:
    forms = [
        replace(form, stack=f"stack{number}", domains=(f"stack{number}.localhost",))
        for number, form in enumerate(shapes(old, new))
    ]
    for form in forms:
        traefik.write(form)
    until(
        lambda: len([r for r in traefik.items("routers") if "_public" in r["name"]]) == len(forms)
    )
    for kind in ("routers", "services", "middlewares"):
        assert {
            (item["name"], item["status"])
            for item in traefik.items(kind)
            if item["status"] != "enabled"
        } == set()
    assert [traefik.get(form.domains[0]).status_code for form in forms] == [
        200,
        200,
        200,
        200,
        200,
        503,
    ]
    assert traefik.problems() == []


def test_each_slot_answers_at_its_own_address_and_only_there(
    traefik: Traefik, old: Server, new: Server
) -> None:
    traefik.write(route(old, candidate=new.target))
    until(lambda: traefik.get("cloudlens.localhost").is_success)
    assert (
        traefik.get("cloudlens.localhost", slot=42).headers[DEPLOYMENT_HEADER]
        == "cloudlens/prod/42"
    )
    assert traefik.get("cloudlens.localhost", slot=41).text == "41"
    assert traefik.get("any.other.name", slot=42).text == "42"
    assert traefik.get("cloudlens.localhost", slot=43).status_code == 404
    to_the_new_one = headers_for(https=False, slot=Served("cloudlens", "prod", 42))
    public = httpx.get(traefik.public, headers={"Host": "cloudlens.localhost", **to_the_new_one})
    assert public.text == "41"


def test_the_killed_serving_slot_loses_no_request_and_the_header_says_who_took_over(
    traefik: Traefik, old: Server, new: Server
) -> None:
    traefik.write(route(new, standby=old.target))
    until(lambda: traefik.get("cloudlens.localhost").is_success)
    seen: Counter[tuple[int, str]] = Counter()
    stop = Event()
    clients = [
        Thread(target=send_requests, args=(traefik, close, seen, stop))
        for close in (False, True, False)
    ]
    for client in clients:
        client.start()
    until(lambda: seen[200, "cloudlens/prod/42"] > 50)
    new.kill()
    until(lambda: seen[200, "cloudlens/prod/41"] > 50)
    stop.set()
    for client in clients:
        client.join()
    assert {status for status, _ in seen} == {200}, seen
    assert traefik.get("cloudlens.localhost").text == "41"


def send_requests(
    traefik: Traefik, close: bool, seen: Counter[tuple[int, str]], stop: Event
) -> None:
    headers = {"Host": "cloudlens.localhost", **({"Connection": "close"} if close else {})}
    with httpx.Client(base_url=traefik.public, headers=headers, timeout=10) as client:
        while not stop.is_set():
            try:
                answer = client.get("/")
                seen[answer.status_code, answer.headers.get(DEPLOYMENT_HEADER, "?")] += 1
            except httpx.TransportError as error:
                seen[0, type(error).__name__] += 1
            time.sleep(0.005)
