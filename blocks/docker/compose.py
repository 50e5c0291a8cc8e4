"""`docker compose` v2: it reads a team's own files and starts projects; stopping and removing goes
by label."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import NotFound
from docker.models.containers import Container

from blocks.docker.compose_command import ComposeCommand
from blocks.docker.compose_reading import ComposeReading, each_string
from blocks.docker.compose_texts import as_written
from blocks.docker.credential_helpers import missing_helper
from blocks.docker.engine_errors import engine_errors
from blocks.docker.folders import make_folders
from blocks.docker.host import DockerHost
from blocks.docker.labelled import labelled
from blocks.docker.stopping import stop_for_good
from tidegate.errors import ComposeError, EngineError
from tidegate.facts import ONE_SHOT_LABEL, PROJECT_LABEL, SERVICE_LABEL, ComposeModel, Slot
from tidegate.plan.occupancy import base_model
from tidegate.stack.bind_mounts import is_local
from tidegate.stack.env_files import env_files_of
from tidegate.stack.formats import MOST_WAIT_SECONDS
from tidegate.stack.slot import declared_volumes

VOLUME_LABEL = "com.docker.compose.volume"
# as Docker's own client says that the engine is out of reach, and Go that a connection ended
_CUT_OFF = re.compile(
    r"cannot connect to the docker daemon|error during connect|connection reset "
    r"by peer|unexpected EOF",
    re.IGNORECASE,
)
STARTS_AT_ONCE = 4


@dataclass(frozen=True)
class Compose:
    """Compose on one Docker host. Raises ComposeError; `redact` takes secrets out of what compose
    printed."""

    host: DockerHost
    redact: Callable[[str], str] = str
    timeout_seconds: float = 300

    def version(self) -> str:
        """Such as `2.40.3`."""
        return self.command.version()

    @property
    def command(self) -> ComposeCommand:
        return ComposeCommand(self.host.url, self.redact, self.timeout_seconds)

    def read(
        self,
        files: Sequence[Path],
        environment: Mapping[str, str],
        project: str,
        own: Collection[str] = (),
        left_out: Collection[str] = (),
    ) -> ComposeModel:
        """The files' whole model, every variable put in. Where `env_file:` names one of the `own`
        paths, `environment` is meant. Raises StackFileError, and ConfigError for a variable that
        has neither a value nor a default; services that are `left_out` need none."""
        return ComposeReading(self.command, files, environment, project, own, left_out).model()

    def env_files(
        self, files: Sequence[Path], environment: Mapping[str, str], project: str
    ) -> dict[str, list[str]]:
        """The files whose content becomes the environment or the labels of each service: `read`
        shows the content alone."""
        services = self.as_written(files, project)["services"]
        return {name: env_files_of(service, environment) for name, service in services.items()}

    def as_written(self, files: Sequence[Path], project: str) -> ComposeModel:
        """The files' whole model with its variables as they stand there: no value is needed, and no
        env file is read."""
        return as_written(self.command, files, project)

    def build(
        self,
        model: ComposeModel,
        service: str,
        variables: Mapping[str, str],
        *,
        timeout_seconds: float,
        hear: Callable[[str], None],
    ) -> int:
        """Build the image of one service of `model` by BuildKit, which says each line to `hear`.
        Returns the exit code.

        It is the engine's own BuildKit, whatever builder a person has chosen on this machine.
        Raises TimeoutError.
        """
        return self.command.build(
            service, variables, stdin=fed(model), timeout_seconds=timeout_seconds, hear=hear
        )

    def up(self, slot: Slot) -> None:
        """Create and start a slot; its images must be on the engine. Again: changes nothing."""
        self.start_model(slot.project, slot.model, "--no-build", "--pull", "never")

    def up_base(
        self,
        model: ComposeModel,
        project: str,
        services: Sequence[str],
        jobs: Mapping[str, str] = {},
    ) -> None:
        """Start the stateful `services` of `model`. One that exists is left as it is, even when the
        file changed.

        `jobs` are the one-shot services with what they do: what is left of an earlier run of one is
        removed, and it runs anew.
        """
        if services:
            self._forget_ended(project, [name for name in services if name in jobs])
            base = base_model(model, project, jobs)
            self.start_model(project, base, "--no-build", "--no-recreate", *services)

    def make_networks(self, model: ComposeModel, project: str, names: Collection[str]) -> None:
        """Have Compose create those of the model's own networks that no base service has brought
        into being yet: for a service that needs them, and of which there is no container."""
        with engine_errors(f"making the networks of {project}"):
            there = {network.name for network in self.host.client.networks.list()}
        missing = {
            key: network
            for key, network in model.get("networks", {}).items()
            if (name := network.get("name") or f"{project}_{key}") in names
            and name not in there
            and not network.get("external")
        }
        if missing:
            nobody = {"image": "none", "scale": 0, "networks": dict.fromkeys(missing)}
            alone = {"services": {"nobody": nobody}, "networks": missing}
            self.start_model(project, alone, "--no-build", "--pull", "never")

    def make_volumes(self, model: ComposeModel, project: str, keys: Collection[str]) -> None:
        """Create those of the model's own volumes that are not there yet, as the files declare
        them: a slot only joins them."""
        with engine_errors(f"making the volumes of {project}"):
            there = {volume.name for volume in self.host.client.volumes.list()}
            for key, declared in declared_volumes(model, project, keys).items():
                if declared["name"] not in there and not declared.get("external"):
                    self.host.client.volumes.create(
                        declared["name"],
                        driver=declared.get("driver"),
                        driver_opts=declared.get("driver_opts"),
                        labels={
                            **(declared.get("labels") or {}),
                            PROJECT_LABEL: project,
                            VOLUME_LABEL: key,
                        },
                    )

    def make_folders(self, paths: Collection[str]) -> None:
        """Those that are not there yet, as the engine would make them; on a machine of its own they
        must be there."""
        if is_local(self.host.url or os.environ.get("DOCKER_HOST", "")):
            make_folders(paths)

    def stop(
        self, project: str, grace_seconds: int, services: Collection[str] | None = None
    ) -> None:
        """Stop a project's containers, or those of some `services`, and keep them, so that
        `start_again` is quick.

        All are told at once. Each has at least the time that its own `stop_grace_period` gives it,
        as far as a step can wait.
        """

        def end(one: Container) -> None:
            own_grace_seconds = one.attrs["Config"].get("StopTimeout") or 0
            stop_for_good(one, max(grace_seconds, min(own_grace_seconds, MOST_WAIT_SECONDS)))

        with engine_errors(f"stopping {project}"):
            there = self._services(project, services)
            with ThreadPoolExecutor(len(there) or 1) as pool:
                list(pool.map(end, there))

    def start_again(self, project: str, services: Collection[str] | None = None) -> None:
        """Start a stopped project's containers, or those of some `services`. Raises EngineError
        when there are none."""
        doing = f"starting {project} again"
        with engine_errors(doing):
            containers = [
                one for one in self._services(project, services) if not _has_done_its_work(one)
            ]
            with ThreadPoolExecutor(STARTS_AT_ONCE) as pool:
                list(pool.map(Container.start, containers))
        if not containers:
            raise EngineError(
                doing, "its containers have been removed", "Release that version anew"
            )

    def remove(self, project: str) -> None:
        """Delete a project's containers and its own networks. Never a volume."""
        with engine_errors(f"removing {project}"):
            of_it: Any = {"label": f"{PROJECT_LABEL}={project}"}
            for container in self.host.client.containers.list(all=True, filters=of_it):
                with contextlib.suppress(NotFound):
                    container.remove(force=True, v=False)
            for network in self.host.client.networks.list(filters=of_it):
                with contextlib.suppress(NotFound):
                    network.remove()

    def _services(self, project: str, services: Collection[str] | None) -> list[Container]:
        there = labelled(self.host.client, {PROJECT_LABEL: project})
        return [
            one for one in there if services is None or one.labels.get(SERVICE_LABEL) in services
        ]

    def _forget_ended(self, project: str, services: Sequence[str]) -> None:
        with engine_errors(f"removing what has ended of {project}"):
            for container in self._services(project, services):
                if container.status != "running":
                    container.remove(v=False)

    def start_model(self, project: str, model: ComposeModel, *arguments: str) -> None:
        """`docker compose up` of `model`, with these arguments. Raises ComposeError."""
        doing = f"starting {project}"
        start = ("-p", project, "-f", "-", "up", "-d", *arguments)
        outcome = self.command.run(*start, doing=doing, stdin=fed(model))
        if outcome.exit_code != 0:
            said = self.command.said(outcome)
            if missing := missing_helper(doing, said):
                raise missing
            raise ComposeError(
                doing,
                said,
                "Correct what it names; `tidegate status` shows what runs",
                retryable=bool(_CUT_OFF.search(said)),
            )


def fed(model: ComposeModel) -> bytes:
    """The model as Compose reads it from its standard input."""
    return json.dumps(each_string(model, lambda text: text.replace("$", "$$"))).encode()


def _has_done_its_work(container: Container) -> bool:
    """One that ran once, and well, is not set going again with the others."""
    state = container.attrs["State"]
    has_ended_well = state["Status"] == "exited" and state["ExitCode"] == 0
    return has_ended_well and ONE_SHOT_LABEL in container.labels
