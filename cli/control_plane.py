"""The control plane of one machine: Prefect server and worker in the background, ledger, blocks,
deployments, edge."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from cli.prefect_api import PrefectApi
from cli.processes import Background
from control.seldom import RETENTION, SELDOM, UNASKED
from control.served import FILE_VARIABLE
from tidegate.errors import CapacityError, EngineError, TidegateError
from tidegate.secrecy.outside_text import clean_end, last_lines
from tidegate.settings import Settings
from tidegate.waiting import looks

SERVER_START_SECONDS = 90
REGISTER_SECONDS = 180
LET_GO_SECONDS = 3
"""A program that was killed just now may have its port a moment longer than its process id."""
BIN = Path(sys.executable).parent
PYTHON = (sys.executable, "-P")
"""It imports nothing from the folder it is called in: a team may have a `flows/` of its own."""


class ControlPlane:
    """Start, stop and look at what `tidegate run` runs. Everything it keeps is under
    `settings.home`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.home / "run"
        self.server, self.worker, self.receiver = (
            Background(name, self.folder) for name in ("server", "worker", "receiver")
        )

    @property
    def ui_url(self) -> str:
        return self.settings.ui_url

    @property
    def api_url(self) -> str:
        return self.settings.api_url

    @property
    def secret(self) -> str:
        """Prefect's auth string."""
        return self.settings.api_auth().get_secret_value()

    @property
    def profiles(self) -> Path:
        return self.settings.home / "prefect" / "profiles.toml"

    @property
    def edge_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.edge_port}"

    @property
    def receiver_url(self) -> str:
        return f"http://127.0.0.1:{self.settings.receiver_port}"

    @property
    def processes(self) -> tuple[Background, ...]:
        """In the order in which they are stopped."""
        return self.receiver, self.worker, self.server

    def environment(self) -> dict[str, str]:
        """For every process of the control plane and every Prefect command that speaks to it.

        The secret goes by the environment, which only this user can read, never by a command line,
        which everybody can.
        """
        return {
            **SELDOM,
            **RETENTION,
            **UNASKED,
            "PREFECT_WORKER_QUERY_SECONDS": "30",
            **os.environ,
            "PATH": f"{BIN}:{os.environ.get('PATH', '')}",
            "PREFECT_HOME": str(self.settings.home / "prefect"),
            "PREFECT_API_URL": self.api_url,
            "PREFECT_PROFILES_PATH": str(self.profiles),
            "PREFECT_API_AUTH_STRING": self.secret,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_CLI_PROMPT": "false",
            "PREFECT_CLI_COLORS": "false",
            **self.settings.as_environment(),
        }

    def refuse_taken_ports(self) -> None:
        """Before anything is started. Another program on one of them could answer in our place.
        Raises CapacityError."""
        for _ in looks(LET_GO_SECONDS, 0.25):
            if not (taken := self._taken_ports()):
                return
        raise CapacityError(
            "starting Tidegate",
            f"another program has port {', '.join(map(str, taken.values()))}",
            f"Stop it, or set {', '.join(taken)}",
        )

    def server_environment(self) -> dict[str, str]:
        """What only the server is told: whom it lets in."""
        # a token would be asked of runs, which have the secret
        return {
            **self.environment(),
            "PREFECT_SERVER_API_AUTH_STRING": self.secret,
            "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "false",
        }

    def start_server(self) -> None:
        """Raises EngineError when it does not answer, or when the one that runs already lets others
        in than it should."""
        port = str(self.settings.prefect_port)
        self.server.start(
            [*PYTHON, "-m", "cli.server", "--host", "127.0.0.1", "--port", port],
            self.server_environment(),
        )
        self._wait_for_server()
        self._refuse_another_door()

    def start_worker(self, deployments: Path | None = None) -> None:
        """It serves the flows of prefect.yaml, or of the file `deployments`."""
        served = {FILE_VARIABLE: str(deployments)} if deployments else {}
        self.worker.start([*PYTHON, "-m", "control"], {**self.environment(), **served})

    def start_receiver(self) -> None:
        """Alertmanager's webhooks arrive here. Raises EngineError when it does not answer."""
        self.receiver.start([*PYTHON, "-m", "cli.receiver"], self.environment())
        self._wait_for(self.receiver, f"{self.receiver_url}/health", "set TIDEGATE_RECEIVER_PORT")

    def register_deployments(self) -> None:
        """Every deployment of prefect.yaml, and those of each environment. Raises TidegateError
        with what went wrong."""
        doing = "registering the deployments"
        try:
            ended = subprocess.run(
                [*PYTHON, "-m", "control.deployments"],
                env=self.environment(),
                cwd=self.settings.home,
                capture_output=True,
                text=True,
                timeout=REGISTER_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EngineError(
                doing,
                f"no end after {REGISTER_SECONDS} s",
                f"Read {self.server.log}, then run it again",
            ) from None
        if ended.returncode != 0:
            raise TidegateError(
                doing, clean_end(ended.stderr or ended.stdout, 2000), f"Read {self.server.log}"
            )

    def stop(self) -> list[str]:
        """Stop what `start` started; the names of what ran."""
        return [process.name for process in self.processes if process.stop()]

    def _taken_ports(self) -> dict[str, int]:
        needed = (
            ("TIDEGATE_PREFECT_PORT", self.settings.prefect_port, self.server),
            ("TIDEGATE_RECEIVER_PORT", self.settings.receiver_port, self.receiver),
        )
        return {
            name: port
            for name, port, process in needed
            if process.pid() is None and _is_taken(port)
        }

    def _refuse_another_door(self) -> None:
        """A server that was started before may know another secret, or none at all."""
        unknown, known = (
            PrefectApi(self.api_url),
            PrefectApi(self.api_url, self.settings.api_auth()),
        )
        if not unknown.is_let_in() and known.is_let_in():
            return
        raise EngineError(
            "starting the server",
            "one runs already that asks for another secret, or for none",
            "Stop it with `tidegate stop`, then `tidegate run`",
        )

    def _wait_for_server(self) -> None:
        self._wait_for(self.server, f"{self.ui_url}/api/health", "set TIDEGATE_PREFECT_PORT")

    def _wait_for(self, process: Background, url: str, to_do: str) -> None:
        for _ in looks(SERVER_START_SECONDS, 0.25):
            if _answers(url):
                return
            if process.pid() is None:
                break
        raise EngineError(
            f"starting the {process.name}",
            f"it did not become healthy; {_last_lines(process.log)}",
            f"Read {process.log}; if the port is taken, {to_do}",
        )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _last_lines(log: Path, count: int = 5) -> str:
    return " / ".join(last_lines(log.read_text(errors="replace"), count))


def with_prefect(environment: Mapping[str, str]) -> None:
    """Make this process itself speak to the control plane: must run before Prefect is imported."""
    os.environ.update(
        {
            key: value
            for key, value in environment.items()
            if key.startswith(("PREFECT_", "TIDEGATE_"))
        }
    )
