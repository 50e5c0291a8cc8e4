"""The example application on the real engine: images built from the demo's commits, started by its
own compose file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from setup.compose import find
from setup.images import chosen
from setup.step import asked

STACK = Path(__file__).parents[2] / "stacks" / "cloudlens"
PUBLIC = "cloudlens.localhost"
PASSWORD = "a password of the test"


def call(
    *command: str | Path,
    stdin: bytes | None = None,
    environment: dict[str, str] | None = None,
    good: tuple[int, ...] = (0,),
) -> str:
    """What the command printed, stdout and stderr together; fails the test when its exit code is
    not in `good`."""
    ended = subprocess.run(
        command,
        input=stdin,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180,
    )
    output = ended.stdout.decode(errors="replace")
    assert ended.returncode in good, f"{command} ended with {ended.returncode}:\n{output}"
    return output


@dataclass(frozen=True)
class Images:
    """The example's images, built on demand from the tags of its repository."""

    repository: Path
    prefix: str

    def build(self, version: str) -> str:
        name = f"{self.prefix}:{version}"
        if asked(["docker", "image", "inspect", name]) is None:
            command = ["git", "-C", str(self.repository), "archive", version]
            archive = subprocess.run(command, capture_output=True, check=True)
            arguments = {
                "BASE_IMAGE": chosen()["PYTHON_IMAGE"],
                "VERSION": version,
                "COMMIT": self.commit(version),
            }
            call(
                "docker",
                "build",
                "-q",
                "-t",
                name,
                *_build_args(arguments),
                "-",
                stdin=archive.stdout,
            )
        return name

    def commit(self, version: str) -> str:
        return call("git", "-C", self.repository, "rev-parse", f"{version}^{{commit}}").strip()


def _build_args(arguments: dict[str, str]) -> Iterator[str]:
    for key, value in arguments.items():
        yield from ("--build-arg", f"{key}={value}")


@dataclass(frozen=True)
class App:
    """One running stack of the example, reached on a port that the kernel chose."""

    images: Images
    project: str
    override: Path

    def compose(self, version: str, *words: str, good: tuple[int, ...] = (0,)) -> str:
        self.images.build(version)
        _, _, command = find()
        files = ("-f", str(STACK / "docker-compose.yml"), "-f", str(self.override))
        return call(
            *command,
            "-p",
            self.project,
            *files,
            *words,
            environment=self._environment(version),
            good=good,
        )

    def migrate(self, version: str, *words: str, good: tuple[int, ...] = (0,)) -> str:
        return self.compose(version, "run", "--rm", "-T", "backend", "alembic", *words, good=good)

    def serve(self, version: str, *, ready: bool = True) -> httpx.Client:
        """Start `version` in place of the one before and give a client for it."""
        self.compose(version, "up", "-d", *["--wait"] * ready, "backend")
        port = self.compose(version, "port", "backend", "8000").strip().rpartition(":")[2]
        return httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=20, headers={"Connection": "close"}
        )

    def _environment(self, version: str) -> dict[str, str]:
        words = {key: PASSWORD for key in ("APP_PASSWORD", "MYSQL_PASSWORD", "MYSQL_ROOT_PASSWORD")}
        return {
            **os.environ,
            **chosen(),
            **words,
            "APP_USER": "admin",
            "MYSQL_USER": "cloudlens",
            "MYSQL_DATABASE": "example",
            "BACKEND_IMAGE": self.images.prefix,
            "IMAGE_TAG": version,
            "APP_DOMAIN": PUBLIC,
        }


def sign_in(client: httpx.Client) -> httpx.Client:
    answer = client.post("/api/login", json={"username": "admin", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
    return client
