"""A real Traefik as a process of the test's own, with the flags that the edge has, and a real
application behind it."""

from __future__ import annotations

import http.server
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest

from blocks.edges.traefik.container import write_own_routes
from blocks.edges.traefik.edge import TraefikEdge
from blocks.edges.traefik.folder import OWN_FILE
from blocks.edges.traefik.settings import flags_at
from cli.control_plane import BIN
from tests.installation import free_ports
from tidegate.edge.facts import Route, Target


@dataclass
class EdgeProcess:
    """`block` speaks to the running Traefik; `restart` is what a reboot does to it."""

    block: TraefikEdge
    flags: list[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        return self.block.config_directory

    def start(self) -> None:
        self.process = subprocess.Popen(
            [BIN / "traefik", *self.flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 20
        while not self._listens():
            assert time.monotonic() < end, "the edge does not answer"
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def get(self, host: str, path: str = "/") -> httpx.Response:
        return httpx.get(self.block.public_url + path, headers={"Host": host}, trust_env=False)

    def _listens(self) -> bool:
        try:
            return httpx.get(f"{self.block.check_url}/ping", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def believed() -> list[str]:
    """Whose word about a visitor counts: nobody's, unless a test file has a fixture of this
    name."""
    return []


@pytest.fixture(scope="module")
def edge_process(
    tmp_path_factory: pytest.TempPathFactory, believed: list[str]
) -> Iterator[EdgeProcess]:
    public, check = free_ports(2)
    folder = tmp_path_factory.mktemp("home") / "edge"
    write_own_routes(folder, "127.0.0.0/8")
    own = {
        "--entrypoints.web.address": f"127.0.0.1:{public}",
        "--entrypoints.check.address": f"127.0.0.1:{check}",
        "--providers.file.directory": str(folder),
    }
    flags = [flag for flag in flags_at("127.0.0.1", believed) if flag.split("=")[0] not in own]
    flags += [f"{name}={value}" for name, value in own.items()]
    block = TraefikEdge(
        config_directory=folder,
        public_url=f"http://127.0.0.1:{public}",
        check_url=f"http://127.0.0.1:{check}",
    )
    running = EdgeProcess(block, flags)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def edge(edge_process: EdgeProcess) -> Iterator[EdgeProcess]:
    """The running edge, which was told nothing."""
    yield edge_process
    for file in edge_process.folder.rglob("*"):
        if file.is_symlink() or (
            file.is_file() and file.name not in (OWN_FILE, f".{OWN_FILE}.copy")
        ):
            file.unlink()


@contextmanager
def application(headers: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """A server that says who it is by `headers`. Yields its address."""

    class App(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def route(stack: str, *targets: Target, domain: str = "", fence: int = 1) -> Route:
    return Route(
        stack,
        "prod",
        (domain or f"{stack}.localhost",),
        targets,
        None,
        None,
        fence,
        "/ready",
        False,
    )
