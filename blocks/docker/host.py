"""A Docker engine, spoken to by the SDK: containers, jobs and commands inside containers."""

from __future__ import annotations

import contextlib
import io
import math
import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, BinaryIO

import docker
from docker.errors import NotFound
from docker.models.containers import Container
from prefect.blocks.core import Block
from pydantic import Field

from blocks.docker.client import client_of
from blocks.docker.ending import wait_for_end
from blocks.docker.engine_errors import engine_errors
from blocks.docker.labelled import labelled
from blocks.docker.sealed import MOST_SEALED_BYTES, seal
from blocks.docker.streams import Conversation, FloodError, OverdueError
from tidegate.errors import EngineError
from tidegate.facts import SERVICE_LABEL, ContainerFacts, Job, Outcome
from tidegate.secrecy.outside_text import clean, clean_end
from tidegate.waiting import looks

KEY_LABEL = "tidegate.key"
MOST_LOG = 6_000  # characters; an error that quotes them has room for its own words
MOST_HEALTH_TEXT = 300
LAST_OWN_CODE = 125  # above it are those of the engine and of signals
STOP_SECONDS = 2
CHECK_SECONDS = 2  # a check that takes longer is waited for where the engine runs it
_NO_DAEMON = "It was stopped and removed; do not start a daemon this way"
ENDLESS = "/scratch"  # the end of the keys of containers that run until somebody removes them


class DockerHost(Block):
    """One Docker engine with its edge. `url` empty means the local engine."""

    _block_type_name = "Tidegate Docker Host"
    _block_type_slug = "tidegate-docker-host"  # `docker-host` is prefect-docker's own

    url: str = Field(
        "",
        description="`unix:///run/docker.sock`, `ssh://user@host` or `tcp://host:2376`; empty: "
        "here.",
    )
    edge_network: str = Field(
        "tidegate-edge",
        description="Name of the edge's container; its networks' names have it in them.",
    )
    timeout_seconds: float = Field(30, gt=0, description="For one call to the engine.")
    silence_seconds: float = Field(
        300, gt=0, description="For which the engine may say nothing while it pushes or pulls."
    )

    @cached_property
    def client(self) -> docker.DockerClient:
        with engine_errors("connecting to the Docker Engine"):
            return client_of(self.url, int(self.timeout_seconds), os.environ.get("DOCKER_HOST", ""))

    @cached_property
    def patient_api(self) -> docker.APIClient:
        """For what moves layers to or from a registry."""
        with engine_errors("connecting to the Docker Engine"):
            return client_of(
                self.url, int(self.silence_seconds), os.environ.get("DOCKER_HOST", "")
            ).api

    def containers(self, labels: Mapping[str, str]) -> list[ContainerFacts]:
        """All containers, running or not, that carry every one of `labels`; none that `docker
        compose run` has started beside them."""
        with engine_errors("listing containers"):
            found = labelled(self.client, labels)
        return [_facts(container) for container in found]

    def own_check(self, container: str) -> Outcome | None:
        """The container's own health check, run now, between two runs of the engine.

        None where it has none, or it cannot be run.
        """
        with contextlib.suppress(EngineError):
            with engine_errors(f"reading the health check of {container}"):
                config = self.client.api.inspect_container(container)["Config"]
            if command := _own_check(config):
                return self.execute(container, command, timeout_seconds=CHECK_SECONDS)
        return None

    def logs(self, container: str, lines: int = 20) -> str:
        """The last lines a container printed, stdout and stderr together."""
        with engine_errors(f"reading the log of {container}"):
            return clean_end(
                self.client.containers.get(container).logs(tail=lines).decode(errors="replace"),
                MOST_LOG,
            )

    def run(self, job: Job) -> Outcome:
        """Run `job.command`, the whole argv (the image's entrypoint is not run), to its end and
        remove its container.

        A container left by an earlier, killed attempt at the same key is removed first. Raises
        EngineError.
        """
        doing = f"running {job.command[0]} in a container of its own ({job.key})"
        with engine_errors(doing):
            self.forget(job.key)
            network, *others = job.networks or ("none",)
            container = self.client.containers.create(
                job.image,
                list(job.command[1:]),
                entrypoint=[job.command[0]],
                environment=dict(job.environment),
                network=network,
                volumes={name: {"bind": path, "mode": "rw"} for name, path in job.volumes.items()},
                working_dir=job.working_directory,
                stdin_open=job.stdin is not None,
                labels={**job.labels, KEY_LABEL: job.key},
                **self._seal(job),
            )
            try:
                for other in others:
                    self.client.networks.get(other).connect(container)
                return self._run_to_end(container, job, doing)
            finally:
                container.remove(force=True, v=True)

    def execute(
        self,
        container: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] = {},
        stdin: BinaryIO | None = None,
        stdout: BinaryIO | None = None,
        timeout_seconds: float = 300,
    ) -> Outcome:
        """Run `command` inside a running container, streaming `stdin` in and, where given, `stdout`
        out.

        An error of `stdin.read` or `stdout.write` is raised as it is. Raises EngineError.
        """
        api, doing, out = self.client.api, f"running {command[0]} inside {container}", io.BytesIO()
        with engine_errors(doing):
            created = api.exec_create(
                container, list(command), stdin=stdin is not None, environment=dict(environment)
            )
            stream = api.exec_start(created["Id"], socket=True)
            stderr = _hold(
                Conversation(stream, stdin, stdout or out, timeout_seconds),
                doing,
                timeout_seconds,
                "It may still be running there: look at `docker top`, "
                "then try again or give it more time",
            )
            code = self._exit_code(created["Id"], doing)
            if code > LAST_OWN_CODE and self._has_stopped(container):
                raise EngineError(
                    doing,
                    f"{container} stopped in the middle of it",
                    "Look why with `docker logs`, and start it",
                    retryable=True,
                )
        return Outcome(code, out.getvalue().decode(errors="replace"), stderr)

    def forget(self, key: str) -> None:
        """Remove the containers, with their anonymous volumes, that carry `key`."""
        filters: dict[str, str | list[str] | bool] = {"label": f"{KEY_LABEL}={key}"}
        for container in self.client.containers.list(all=True, filters=filters):
            with contextlib.suppress(NotFound):
                container.remove(force=True, v=True)

    def outlast(self, prefix: str, timeout_seconds: float) -> None:
        """Wait until the jobs whose key begins with `prefix` have ended, then remove them, with
        their networks. Raises EngineError, and leaves alone what still runs after that time."""
        doing = f"waiting for what was left running under {prefix}"
        deadline = time.monotonic() + timeout_seconds
        with engine_errors(doing):
            for container in self.client.containers.list(all=True, filters={"label": KEY_LABEL}):
                key = container.labels[KEY_LABEL]
                if key.startswith(prefix):
                    if container.status == "running" and not key.endswith(ENDLESS):
                        left_seconds = max(deadline - time.monotonic(), 1)
                        wait_for_end(container, doing, left_seconds, _wait_for(container))
                    self.forget(key)
            for network in self.client.networks.list(filters={"label": KEY_LABEL}):
                if network.attrs["Labels"][KEY_LABEL].startswith(prefix):
                    with contextlib.suppress(NotFound):  # another recovery was quicker
                        network.remove()

    def _run_to_end(self, container: Container, job: Job, doing: str) -> Outcome:
        out = io.BytesIO()
        # Attached before the start, so no line is missed whatever log driver the engine has.
        wanted = {"stdin": int(job.stdin is not None), "stdout": 1, "stderr": 1, "stream": 1}
        stream = container.attach_socket(params=wanted)
        stdin = None if job.stdin is None else io.BytesIO(job.stdin)
        most = MOST_SEALED_BYTES if job.sealed else math.inf
        conversation = Conversation(stream, stdin, out, job.timeout_seconds, most)
        with contextlib.closing(conversation):
            container.start()
            stderr = _hold(
                conversation,
                doing,
                job.timeout_seconds,
                "It was stopped and removed; give it more time",
            )
        code = wait_for_end(container, doing, self.timeout_seconds, _NO_DAEMON)
        return Outcome(code, out.getvalue().decode(errors="replace"), stderr)

    def _seal(self, job: Job) -> dict[str, Any]:
        if not job.sealed:
            return {}
        if job.networks:
            raise ValueError(f"{job.key} is sealed and has networks")
        return seal(self.client.images.get(job.image).attrs["Config"].get("Volumes") or {})

    def _has_stopped(self, container: str) -> bool:
        """The engine knows the end of a process a moment before that of its container."""
        return any(
            not self.client.containers.get(container).attrs["State"]["Running"]
            for _ in looks(STOP_SECONDS, 0.1)
        )

    def _exit_code(self, execution: str, doing: str) -> int:
        """The engine closes the streams a moment before it knows the exit code."""
        for _ in looks(self.timeout_seconds, 0.02):
            if (code := self.client.api.exec_inspect(execution)["ExitCode"]) is not None:
                return int(code)
        raise EngineError(
            doing,
            f"it closed its outputs but still runs after {self.timeout_seconds:g} s",
            "Do not start a daemon this way",
        )


def _wait_for(container: Container) -> str:
    return f"Wait until it ends, or look what it does with `docker logs {container.name}`"


def _hold(conversation: Conversation, doing: str, timeout_seconds: float, to_do: str) -> str:
    """What was printed on stderr, once the process has ended."""
    try:
        conversation.hold()
    except OverdueError:
        raise EngineError(doing, f"not finished after {timeout_seconds:g} s", to_do) from None
    except FloodError:
        raise EngineError(
            doing,
            f"it printed more than {MOST_SEALED_BYTES >> 20} MiB",
            "It was stopped and removed",
        ) from None
    return conversation.stderr.decode(errors="replace")


def _own_check(config: Mapping[str, Any]) -> list[str]:
    """The command as the engine runs it; nothing where there is none."""
    kind, *words = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    if kind == "CMD-SHELL":
        return [*(config.get("Shell") or ["/bin/sh", "-c"]), *words]
    return words if kind == "CMD" else []


def _moment(said: str | None) -> datetime | None:
    """The engine's own words for *never* begin with the year 1."""
    return datetime.fromisoformat(said) if said and not said.startswith("0001-") else None


def _facts(container: Container) -> ContainerFacts:
    attrs = container.attrs
    state = attrs["State"]
    health = state.get("Health", {})
    return ContainerFacts(
        id=attrs["Id"],
        name=attrs["Name"].lstrip("/"),
        image_id=attrs["Image"],
        service=attrs["Config"]["Labels"].get(SERVICE_LABEL, ""),
        state=state["Status"],
        health=health.get("Status", "none"),
        restarts=attrs["RestartCount"],
        exit_code=state["ExitCode"],
        labels=attrs["Config"]["Labels"],
        is_restarted=attrs["HostConfig"]["RestartPolicy"]["Name"] in ("always", "unless-stopped"),
        started_at=_moment(state.get("StartedAt")),
        ended_at=_moment(state.get("FinishedAt")),
        health_said=clean(
            "".join(check["Output"] for check in (health.get("Log") or [])[-1:]).strip(),
            MOST_HEALTH_TEXT,
        ),
    )
