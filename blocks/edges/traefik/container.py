"""The edge as a container: Traefik with the file provider, on a network of its own and on one with
each environment."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import LogConfig

from blocks.docker.engine_errors import engine_errors, is_port_taken
from blocks.docker.host import DockerHost
from blocks.edges.traefik.folder import OWN_FILE, EdgeFolder
from blocks.edges.traefik.networks import (
    BESIDE,
    EDGE_LABEL,
    ROLE,
    ROLE_LABEL,
    believed_askers,
    check_address,
    ensure_control_network,
    join_all,
    remove_shared_network,
)
from blocks.edges.traefik.settings import (
    CHECK_PORT,
    DYNAMIC_FOLDER,
    GRACE_SECONDS,
    PUBLIC_PORT,
    EdgeSettings,
    flags_at,
    own_routes,
)
from tidegate.errors import CapacityError, EdgeError
from tidegate.secrecy.outside_text import clean_end
from tidegate.stack.slot import control_network_name
from tidegate.waiting import looks

SETTINGS_LABEL = "tidegate.settings"
_RESTART: Any = {"Name": "unless-stopped"}  # the stubs know only two of the engine's four policies


@dataclass(frozen=True)
class EdgeAddresses:
    """Where the edge listens on its host: for everybody, and for Tidegate alone."""

    container: str
    """Id."""
    public_url: str
    check_url: str
    outdated: bool = False
    """It serves, with other settings or another image than it would get now."""


@dataclass(frozen=True)
class EdgeMaker:
    """Makes the container of the edge, and of one beside it with ports that the kernel chooses.
    Raises EngineError, CapacityError, and EdgeError when it does not answer within
    `start_seconds`."""

    host: DockerHost
    image: str
    folder: Path
    public_port: int
    check_port: int
    public_address: str = "127.0.0.1"
    start_seconds: float = 20
    trusted_fronts: tuple[str, ...] = ()
    """Addresses and ranges of what stands before the edge and tells who a visitor is; without them
    nobody is believed."""

    @property
    def name(self) -> str:
        return self.host.edge_network

    def ensure(self) -> EdgeAddresses:
        """The edge, running and answering. One that runs is left alone, whatever its settings:
        people are served by it."""
        with engine_errors(f"starting the edge {self.name}"):
            settings = self._settings(self.public_port, self.check_port)
            write_own_routes(self.folder, str(ensure_control_network(self.host)))
            container = self.current(settings) or self._create(self.name, settings, beside=False)
            self._start(container)
        addresses = _addresses(container, settings)
        self.wait_for_ping(container, addresses.check_url)
        remove_shared_network(self.host)
        return addresses

    def make_beside(self) -> tuple[Container, EdgeAddresses]:
        """An edge with the settings of now on other ports, answering."""
        with engine_errors(f"starting the edge {self.name}{BESIDE}"):
            settings = self._settings(0, 0)
            container = self._create(self.name + BESIDE, settings, beside=True)
            self._start(container)
        addresses = _addresses(container, settings)
        self.wait_for_ping(container, addresses.check_url)
        return container, addresses

    def current(self, settings: EdgeSettings | None = None) -> Container | None:
        """The edge's container. With `settings`: one that serves nobody and has others is removed,
        for its name is needed."""
        with contextlib.suppress(NotFound):
            container = self.host.client.containers.get(self.name)
            if (
                settings is None
                or container.status == "running"
                or container.labels.get(SETTINGS_LABEL) == settings.digest
            ):
                return container
            container.remove(v=True)
        return None

    def wait_for_ping(self, container: Container, url: str) -> None:
        for _ in looks(self.start_seconds, 0.05):
            seen = ping(url)
            if seen == "":
                return
        with engine_errors("reading the edge's log"):
            log = clean_end(container.logs(tail=5).decode(errors="replace")).strip()
        raise EdgeError(
            "starting the edge",
            f"no answer to its ping in {self.start_seconds:g} s (last: {seen}; "
            f"log: {log or 'empty'})",
            "Correct what the log names, then run it again",
            retryable=True,
        )

    def _settings(self, public_port: int, check_port: int) -> EdgeSettings:
        return EdgeSettings(
            self._image_id(),
            str(self.folder.resolve()),
            self.name,
            self.public_address,
            public_port,
            check_port,
            self.trusted_fronts,
        )

    def _image_id(self) -> str:
        try:
            return self.host.client.images.get(self.image).id or self.image
        except ImageNotFound:
            if self.current() is None:
                raise EdgeError(
                    f"starting the edge {self.name}",
                    f"its image {self.image} is not on the engine",
                    f"`docker pull {self.image}`, or name another image of Traefik v3 as "
                    "`edge_image` in tidegate.toml",
                ) from None
            return self.image  # what runs needs it no more

    def _create(self, name: str, settings: EdgeSettings, *, beside: bool) -> Container:
        subnet = ensure_control_network(self.host)
        address, believed = (
            check_address(subnet, beside=beside),
            believed_askers(subnet, self.trusted_fronts),
        )
        public, check = settings.public_port or _free_port(), settings.check_port or _free_port()
        container = self.host.client.containers.create(
            settings.image,
            flags_at(address, believed),
            name=name,
            network=control_network_name(self.name),
            labels={ROLE_LABEL: ROLE, EDGE_LABEL: self.name, SETTINGS_LABEL: settings.digest},
            ports={
                f"{PUBLIC_PORT}/tcp": (settings.public_address, public),
                f"{CHECK_PORT}/tcp": ("127.0.0.1", check),
            },
            volumes={settings.folder: {"bind": DYNAMIC_FOLDER, "mode": "ro"}},
            restart_policy=_RESTART,
            read_only=True,
            security_opt=["no-new-privileges"],
            log_config=LogConfig(type="json-file", config={"max-size": "10m", "max-file": "3"}),
        )
        join_all(self.host, container, address)
        return container

    def _start(self, container: Container) -> None:
        try:
            container.start()
        except APIError as error:
            if not is_port_taken(error):
                raise
            # it never ran, and the next try may be given other ports
            container.remove(force=True, v=True)
            raise CapacityError(
                "starting the edge",
                f"somebody has port {self.public_port} or {self.check_port}",
                "Stop what has it, or set TIDEGATE_EDGE_PORT and TIDEGATE_EDGE_CHECK_PORT",
            ) from None
        container.reload()


def stop_edge(host: DockerHost, container: str, *, grace_seconds: int = GRACE_SECONDS + 5) -> None:
    """Stop and remove the edge with this id; one that is gone already is stopped."""
    with engine_errors("stopping the edge"), contextlib.suppress(NotFound):
        found = host.client.containers.get(container)
        found.stop(timeout=grace_seconds)
        found.remove(v=True)


def write_own_routes(config_directory: Path, control: str) -> None:
    """The edge's own routes, for askers in the range `control`; and what is foreign in its folder
    is set aside."""
    folder, text = EdgeFolder(config_directory), own_routes(control)
    with folder.locked():
        folder.mend()
        file = config_directory / OWN_FILE
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            folder.write(OWN_FILE, text)


def _free_port() -> int:
    # The engine would choose one too, but another one after each restart of the container.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _addresses(container: Container, settings: EdgeSettings) -> EdgeAddresses:
    bindings = container.attrs["HostConfig"]["PortBindings"]
    public, check = (bindings[f"{port}/tcp"][0]["HostPort"] for port in (PUBLIC_PORT, CHECK_PORT))
    outdated = container.labels.get(SETTINGS_LABEL) != settings.digest
    return EdgeAddresses(
        str(container.id), f"http://127.0.0.1:{public}", f"http://127.0.0.1:{check}", outdated
    )


def ping(url: str) -> str:
    """Empty when it answers well."""
    try:
        answer = httpx.get(f"{url}/ping", headers={"Host": "127.0.0.1"}, timeout=1, trust_env=False)
    except httpx.HTTPError as error:
        return type(error).__name__
    return "" if answer.status_code == 200 else f"status {answer.status_code}"
