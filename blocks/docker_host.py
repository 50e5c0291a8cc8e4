"""A Docker engine, spoken to by the SDK: containers, jobs and commands inside containers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, BinaryIO, cast

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from prefect.blocks.core import Block
from pydantic import Field
from requests.exceptions import RequestException

from tidegate.errors import EngineError
from tidegate.facts import ContainerFacts, Job, Outcome

KEY_LABEL = "tidegate.key"


@contextlib.contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Foreign exceptions stop here: the SDK's and those of the HTTP library below it."""
    try:
        yield
    except (NotFound, ImageNotFound) as error:
        raise EngineError(doing, f"not found ({error.explanation})", "Run `tidegate status` to see what there is") from None
    except APIError as error:
        raise EngineError(doing, f"the engine refused ({error.explanation or error})", "Correct what it names",
                          retryable=error.is_server_error()) from None
    except (DockerException, RequestException, OSError) as error:
        raise EngineError(doing, f"no answer ({type(error).__name__})", "Start the Docker Engine: `make run` says how",
                          retryable=True) from None


class DockerHost(Block):
    """One Docker engine with its edge network. `url` empty means the local engine."""

    _block_type_name = "Docker Host"
    _block_type_slug = "docker-host"

    url: str = Field("", description="`unix:///var/run/docker.sock`, `ssh://user@host` or `tcp://host:2376`; empty is local.")
    edge_network: str = Field("tidegate-edge", description="Docker network that the edge and every slot share.")
    timeout_seconds: float = Field(30, gt=0, description="For one call to the engine.")

    @cached_property
    def client(self) -> docker.DockerClient:
        with engine_errors("connecting to the Docker Engine"):
            timeout = int(self.timeout_seconds)
            return docker.DockerClient(self.url, timeout=timeout) if self.url else docker.from_env(timeout=timeout)

    def containers(self, labels: Mapping[str, str]) -> list[ContainerFacts]:
        """All containers, running or not, that carry every one of `labels`."""
        with engine_errors("listing containers"):
            filters = {"label": [f"{key}={value}" for key, value in labels.items()]}
            found = self.client.containers.list(all=True, filters=filters, ignore_removed=True)
        return [_facts(container) for container in found]

    def logs(self, container: str, lines: int = 20) -> str:
        """The last lines a container printed, stdout and stderr together."""
        with engine_errors(f"reading the log of {container}"):
            return self.client.containers.get(container).logs(tail=lines).decode(errors="replace")

    def run(self, job: Job) -> Outcome:
        """Run `job` to its end. A container left by an earlier, killed attempt at the same key is removed first."""
        with engine_errors(f"running {' '.join(job.command[:2])} in a container of its own"):
            self._forget(job.key)
            network, *others = job.networks or ("none",)
            container = self.client.containers.create(
                job.image, list(job.command), environment=dict(job.environment), network=network,
                working_dir=job.working_directory, stdin_open=job.stdin is not None,
                labels={**job.labels, KEY_LABEL: job.key})
            try:
                for other in others:
                    self.client.networks.get(other).connect(container)
                return self._run_to_end(container, job)
            finally:
                container.remove(force=True, v=True)

    def execute(self, container: str, command: Sequence[str], *, environment: Mapping[str, str] = {},
                stdin: BinaryIO | None = None, stdout: BinaryIO | None = None, timeout_seconds: float = 300) -> Outcome:
        """Run `command` inside a running container, streaming `stdin` in and, where given, `stdout` out."""
        api = self.client.api
        with engine_errors(f"running {command[0]} inside {container}"):
            created = api.exec_create(container, list(command), stdin=stdin is not None, environment=dict(environment))
            stream = api.exec_start(created["Id"], socket=True)
            out, err = _converse(stream, stdin, stdout, timeout_seconds)
            code = api.exec_inspect(created["Id"])["ExitCode"]
        return Outcome(code if code is not None else -1, out.decode(errors="replace"), err.decode(errors="replace"))

    def _forget(self, key: str) -> None:
        for container in self.client.containers.list(all=True, filters={"label": f"{KEY_LABEL}={key}"}):
            container.remove(force=True, v=True)

    def _run_to_end(self, container: Container, job: Job) -> Outcome:
        stream = container.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}) if job.stdin else None
        container.start()
        if stream is not None and job.stdin is not None:
            raw = _raw(stream)
            raw.sendall(job.stdin)
            raw.shutdown(socket.SHUT_WR)
        code = container.wait(timeout=job.timeout_seconds)["StatusCode"]
        out = container.logs(stdout=True, stderr=False).decode(errors="replace")
        return Outcome(code, out, container.logs(stdout=False, stderr=True).decode(errors="replace"))


def _facts(container: Container) -> ContainerFacts:
    attrs = container.attrs
    state = attrs["State"]
    return ContainerFacts(
        id=attrs["Id"], name=attrs["Name"].lstrip("/"), image_id=attrs["Image"],
        service=attrs["Config"]["Labels"].get("com.docker.compose.service", ""), state=state["Status"],
        health=state.get("Health", {}).get("Status", "none"), restarts=attrs["RestartCount"],
        exit_code=state["ExitCode"], labels=attrs["Config"]["Labels"])


def _raw(stream: Any) -> socket.socket:
    return cast(socket.socket, getattr(stream, "_sock", stream))


def _converse(stream: Any, stdin: BinaryIO | None, stdout: BinaryIO | None, timeout_seconds: float) -> tuple[bytes, bytes]:
    """Feed and read one multiplexed exec stream to its end. Docker Engine API, "Attach to a container": 8-byte frames."""
    raw = _raw(stream)
    raw.settimeout(timeout_seconds)
    feeder = threading.Thread(target=_feed, args=(raw, stdin), daemon=True)
    feeder.start()
    out, err = bytearray(), bytearray()
    sinks: dict[int, Callable[[bytes], object]] = {1: stdout.write if stdout else out.extend, 2: err.extend}
    while header := _exactly(raw, 8):
        sinks[header[0]](_exactly(raw, int.from_bytes(header[4:], "big")))
    feeder.join(timeout=timeout_seconds)
    stream.close()
    return bytes(out), bytes(err)


def _feed(raw: socket.socket, stdin: BinaryIO | None) -> None:
    if stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):   # the command ended early: its exit code says so
        while chunk := stdin.read(1 << 16):
            raw.sendall(chunk)
        raw.shutdown(socket.SHUT_WR)


def _exactly(raw: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = raw.recv(size - len(data))
        if not chunk:
            return bytes(data) if not data else b""
        data.extend(chunk)
    return bytes(data)
