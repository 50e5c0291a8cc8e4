"""A real registry (Debian's docker-registry) with an account, which a test can take away and bring
back."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr

from blocks.docker.host import DockerHost
from blocks.registries.registry import Registry
from tests.installation import free_ports

ACCOUNT = "deployer:$2b$04$fI3oQNwaAJeu/deQsmvZ2urJjSQ/17lbQdefhVrQRkLKyZSaG4Ghm"  # of the password `hunter2`
NAMESPACE = "acme"
MOST_SECONDS = 30


class RealRegistry:
    """On `port` of 127.0.0.1. What was pushed stays in `folder` while it is gone."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.address = folder, f"127.0.0.1:{port}"
        self._server: subprocess.Popen[bytes] | None = None
        (folder / "htpasswd").write_text(f"{ACCOUNT}\n")
        (folder / "config.yaml").write_text(f"""
version: 0.1
log: {{level: info, formatter: json}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "{self.address}"}}
auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}
""")

    @property
    def block(self) -> Registry:
        return Registry(
            url=f"http://{self.address}",
            namespace=NAMESPACE,
            username="deployer",
            password=SecretStr("hunter2"),
        )

    @property
    def uploads(self) -> list[Path]:
        """What is being pushed at this moment."""
        return list(
            self.folder.glob(f"data/docker/registry/v2/repositories/{NAMESPACE}/**/_uploads/*")
        )

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                ["docker-registry", "serve", str(self.folder / "config.yaml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + MOST_SECONDS
        while not self._answers():
            assert self._server.poll() is None, (
                f"docker-registry ended: {(self.folder / 'log').read_text()}"
            )
            assert time.monotonic() < end, "docker-registry does not answer"
            time.sleep(0.05)

    def fall_silent(self) -> None:
        """It takes connections and answers nothing, as one whose disk hangs; until `go_on`."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._server is not None
        self._server.send_signal(number)

    def stop(self) -> None:
        """By SIGKILL, as a machine goes; one that is gone is stopped."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(timeout=MOST_SECONDS)
            self._server = None

    def set_aside(self) -> None:
        """What was pushed until now, so that everything has to be pushed again; only while it is
        stopped."""
        (self.folder / "data").rename(self.folder / "aside")

    def take_back(self) -> None:
        """What was set aside, in place of what was pushed since."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        (self.folder / "aside").rename(self.folder / "data")

    def _answers(self) -> bool:
        try:
            return (
                httpx.get(f"http://{self.address}/v2/", timeout=1, trust_env=False).status_code
                == httpx.codes.UNAUTHORIZED
            )
        except httpx.TransportError:
            return False


@contextmanager
def running_registry(folder: Path) -> Iterator[RealRegistry]:
    """Until the end of the block, with all that the engine has of it."""
    server = RealRegistry(folder, *free_ports(1))
    server.start()
    try:
        yield server
    finally:
        server.stop()
        client = DockerHost().client
        for image in client.api.images():  # names alone: others remove theirs meanwhile
            for name in (
                name for name in image["RepoTags"] or () if name.startswith(f"{server.address}/")
            ):
                client.images.remove(name)
