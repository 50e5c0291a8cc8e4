"""Secrets that are planted, and who looks for them in texts, processes, containers and messages."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from blocks.docker.host import DockerHost

LOOK_SECONDS = 0.2
COMMON = "Canary7Yq2Zk9Wd"
"""The end of each of them."""
CANARIES = {
    name: f"{name.replace('_', '')}{COMMON}"
    for name in (
        "APP_PASSWORD",
        "PAYMENT_API_KEY",
        "MYSQL_PASSWORD",
        "MYSQL_ROOT_PASSWORD",
        "SIGNING_SEED",
        "HOOK",
        "DEAD_HOOK",
    )
}
IN_ENV_FILE = ("APP_PASSWORD", "PAYMENT_API_KEY", "MYSQL_PASSWORD", "MYSQL_ROOT_PASSWORD")
# An application that says its secrets aloud at every start: as they are, and as the header of a
# basic login.
TELLTALE = (
    "echo starting with $$APP_PASSWORD $$PAYMENT_API_KEY $$SIGNING_SEED >&2; "
    "printf 'Authorization: Basic %s\\n' $$(printf 'admin:%s' $$APP_PASSWORD | base64 -w0) >&2; exec python -m cloudlens"
)


def forms(secret: str) -> Iterator[bytes]:
    """As it is, which no URL or JSON changes, and what Base64 makes of it at each of the three
    alignments."""
    yield secret.encode()
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + secret.encode()).rstrip(b"=")
        yield encoded[4 if lead else 0 : -4]


WANTED = re.compile(
    b"|".join(re.escape(form) for secret in CANARIES.values() for form in forms(secret))
)


ENDS = tuple(forms(COMMON))


def findings(where: str, content: bytes) -> list[str]:
    """The ends are looked for first: an image has hundreds of megabytes, and a pattern of many
    words is slow."""
    if not any(end in content for end in ENDS):
        return []
    return [
        f"{where}: ...{content[max(0, hit.start() - 80) : hit.end() + 20]!r}"
        for hit in WANTED.finditer(content)
    ][:3]


@dataclass
class Onlooker:
    """Somebody with a shell on the host: sees argv of every process, and command and labels of
    every container."""

    seen: set[bytes] = field(default_factory=set)
    looks: int = 0

    def look(self) -> None:
        self.looks += 1
        self.seen.update(_argv(process) for process in Path("/proc").glob("[0-9]*"))
        for container in DockerHost().client.api.containers(all=True):
            self.seen.add(
                json.dumps(
                    [container["Names"], container["Command"], container["Labels"]], sort_keys=True
                ).encode()
            )


def _argv(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@contextmanager
def repeatedly(act: Callable[[], None]) -> Iterator[None]:
    ended = threading.Event()

    def loop() -> None:
        while not ended.wait(LOOK_SECONDS):
            act()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def webhook() -> Iterator[tuple[int, list[bytes]]]:
    """Port of a server that takes messages, and the messages."""
    messages: list[bytes] = []

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """The path is the secret here."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, messages
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
