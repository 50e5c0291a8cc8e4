"""Client programs for a database that has no container here: each command in a container of its
own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from docker.errors import APIError, ImageNotFound

from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import ENDLESS, KEY_LABEL, DockerHost
from tidegate.facts import Job, Outcome

KEY = f"tidegate/client{ENDLESS}"
SLACK_SECONDS = 60


@dataclass(frozen=True)
class ClientContainers:
    """A `JobRunner` whose commands run beside the stack's containers, in an image that has the
    client programs."""

    host: DockerHost
    image: str
    networks: tuple[str, ...]
    """Where the database can be reached; the engine's own one where there are none yet."""

    def run(self, job: Job) -> Outcome:
        return self.host.run(job)

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
        """As `DockerHost.execute`; `container` is only a name for people. Raises EngineError."""
        with self._container(timeout_seconds) as made:
            return self.host.execute(
                made,
                command,
                environment=environment,
                stdin=stdin,
                stdout=stdout,
                timeout_seconds=timeout_seconds,
            )

    @contextmanager
    def _container(self, timeout_seconds: float) -> Iterator[str]:
        """It ends by itself soon after the time is over, also when nobody is there any more to
        remove it."""
        first, *others = self.networks or ("bridge",)
        with engine_errors(f"starting a client container of {self.image}"):
            self._have_image()
            made = self.host.client.containers.create(
                self.image,
                ["sleep", f"{timeout_seconds + SLACK_SECONDS:.0f}"],
                entrypoint=[],
                network=first,
                init=True,
                auto_remove=True,
                labels={KEY_LABEL: KEY},
            )
        try:
            with engine_errors(f"starting a client container of {self.image}"):
                for other in others:
                    self.host.client.networks.get(other).connect(made)
                made.start()
            yield str(made.id)
        finally:
            with suppress(APIError):  # it may be on its way out by itself
                made.remove(force=True, v=True)

    def _have_image(self) -> None:
        try:
            self.host.client.images.get(self.image)
        except ImageNotFound:
            self.host.patient_api.pull(self.image)
