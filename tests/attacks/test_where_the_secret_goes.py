"""The secret of an installation is told to its own server, and shown to a person at a terminal. To
nobody else."""

from __future__ import annotations

import base64
import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from cli.control_plane import ControlPlane
from cli.follow import start_and_follow
from setup.places import ROOT
from tests.installation import free_ports
from tidegate.errors import EngineError, InputError
from tidegate.settings import Settings

TIDEGATE = Path(sys.executable).with_name("tidegate")


class Server(ThreadingHTTPServer):
    """Answers everything with `status`, and remembers who said what to get in."""

    status = 401

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.told: list[str | None] = []


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.told.append(self.headers["Authorization"])
        self.send_response(200 if self.path == "/api/health" else self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path, server: Server) -> Settings:
    return Settings(home=tmp_path, prefect_port=server.server_port)


def follow(settings: Settings) -> None:
    start_and_follow(settings, lambda: Console(file=io.StringIO()), "rollback/prod", {})


def test_our_own_server_is_told_the_secret_and_a_refusal_is_one_error(
    settings: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "their:own")
    with pytest.raises(
        InputError, match=r"finding the deployment rollback/prod: .+ does not know the secret"
    ):
        follow(settings)
    ours = base64.b64encode(settings.api_auth().get_secret_value().encode()).decode()
    assert server.told == [f"Basic {ours}"]


@pytest.mark.parametrize("theirs", [None, "their:own"])
def test_a_server_that_the_shell_is_set_to_is_not_told_our_secret(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, theirs: str | None
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    if theirs:
        monkeypatch.setenv("PREFECT_API_AUTH_STRING", theirs)
    with pytest.raises(InputError, match="does not know the secret"):
        follow(Settings(home=tmp_path, prefect_port=free_ports(1)[0]))
    assert server.told == ["Basic dGhlaXI6b3du" if theirs else None]


@pytest.mark.parametrize("status", [200, 401])
def test_a_server_that_lets_everybody_in_or_not_even_us_is_not_gone_on_with(
    settings: Settings, server: Server, status: int
) -> None:
    plane, server.status = ControlPlane(settings), status
    plane.server.start(["/bin/sleep", "60"], {})
    try:
        with pytest.raises(
            EngineError,
            match=r"one runs already that asks for another secret, or for none\. .+tidegate stop",
        ):
            plane.start_server()
    finally:
        plane.stop()


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TIDEGATE, *arguments],
        env={**os.environ, **settings.as_environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_login_says_where_and_how_and_shows_the_secret_to_a_terminal_alone(
    settings: Settings,
) -> None:
    secret = settings.api_auth().get_secret_value()
    told = command(settings, "login")
    assert told.returncode == 0
    assert f"Open http://127.0.0.1:{settings.prefect_port}" in told.stdout
    assert str(settings.api_auth_file) in told.stdout
    refused = command(settings, "login", "--show")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the output is no terminal and may end in a log" in refused.stderr
    assert secret not in told.stdout + told.stderr + refused.stderr
    assert secret in at_a_terminal(settings)


def at_a_terminal(settings: Settings) -> str:
    person, terminal = pty.openpty()
    with subprocess.Popen(
        [TIDEGATE, "login", "--show"],
        env={**os.environ, **settings.as_environment()},
        stdout=terminal,
        stderr=terminal,
        stdin=subprocess.DEVNULL,
    ) as shown:
        shown.wait(60)
    os.close(terminal)
    with open(person, "rb", buffering=0) as screen:
        return screen.read(65536).decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIDEGATE_UI_ADDRESSES", "*"),
        ("TIDEGATE_PREFECT_PORT", "many"),
        ("TIDEGATE_LOCK_TTL_SECONDS", "-1"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    settings: Settings, name: str, value: str
) -> None:
    ended = subprocess.run(
        [TIDEGATE, "login"],
        env={**os.environ, **settings.as_environment(), name: value},
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"✗ reading the settings: {name}: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("given", [None, "admin:pass"])
def test_the_server_does_not_start_without_a_secret(tmp_path: Path, given: str | None) -> None:
    """However it is started: by `tidegate run`, by compose.yaml or by hand."""
    port = free_ports(1)[0]
    known = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    secret = {} if given is None else {"PREFECT_SERVER_API_AUTH_STRING": given}
    ended = subprocess.run(
        [sys.executable, "-m", "cli.server", "--port", str(port)],
        cwd=ROOT,
        timeout=60,
        env={**known, **secret, "PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "must be `name:secret` of at least 32 characters" in ended.stderr
    assert not (given and given in ended.stderr)
