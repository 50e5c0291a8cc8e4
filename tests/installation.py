"""A whole Tidegate of a test's own: home, ports, edge, Prefect server, worker, and copies of the
example stack."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    temporary_settings,
)
from rich.console import Console

from blocks.docker.host import DockerHost
from cli.control_plane import ControlPlane
from cli.run import run
from setup.places import HOME, ROOT
from setup.test_database import FOLDER as PREFECT_DATABASE
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Deployment
from tidegate.settings import Settings

SAMPLE = ROOT / "stacks" / "cloudlens"
# Two test sessions on one engine need names of their own.
SUFFIX = os.environ.get("TIDEGATE_TEST_SUFFIX", "") + os.environ.get("PYTEST_XDIST_WORKER", "")
SHOP, MILL, QUAY, KIOSK, FERRY, DEPOT, BARGE, RAFT, ORCHID, CABIN = (
    name + SUFFIX
    for name in (
        "shop",
        "mill",
        "quay",
        "kiosk",
        "ferry",
        "depot",
        "barge",
        "raft",
        "orchid",
        "cabin",
    )
)


@dataclass(frozen=True)
class Installation:
    """A running control plane. `stacks` are folders under `settings.stacks`, each with names of its
    own on the engine."""

    settings: Settings
    plane: ControlPlane

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.settings.database_url)

    def history(self, stack: str, environment: str = "prod") -> list[Deployment]:
        """Newest first."""
        return self.ledger.deployments.history(stack, environment)

    def retire(self, stack: str) -> None:
        """A module that is done makes room for the next; `watch/all` looks at the stack no more."""
        environments = environments_of(self.settings.stacks / stack)
        shutil.rmtree(self.settings.stacks / stack)
        remove_stack(stack, environments)

    def get(self, domain: str, path: str = "/version") -> httpx.Response:
        """One request through the public edge, as a visitor sends it."""
        return httpx.get(
            f"http://127.0.0.1:{self.settings.edge_port}{path}",
            headers={"Host": domain},
            trust_env=False,
            timeout=30,
        )


def add_stack(
    settings: Settings,
    name: str,
    *,
    environments: tuple[str, ...] = ("staging", "prod"),
    changes: Mapping[str, Any] = {},
) -> str:
    """A copy of the sample stack under another name. `changes` are dotted paths into stack.yaml and
    their values.

    What a killed session left of it goes first: its volumes know other passwords.
    """
    remove_stack(name)
    folder = settings.stacks / name
    shutil.copytree(SAMPLE, folder)
    content = yaml.safe_load((SAMPLE / "stack.yaml").read_text())
    content["name"] = name
    content["source"]["repository"] = str((SAMPLE / content["source"]["repository"]).resolve())
    content["environments"] = {
        key: value for key, value in content["environments"].items() if key in environments
    }
    for key, environment in content["environments"].items():
        environment["domains"] = [domain_of(name, key)]
        if environment.get("after") not in environments:
            environment.pop("after", None)
    for path, value in changes.items():
        _set(content, path.split("."), value)
    for environment in content["environments"].values():
        if (
            environment.get("approval") is False
        ):  # such a stack is released often: no backup where nothing migrates
            environment.setdefault("backup", False)
    (folder / "stack.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    for file in folder.glob("docker-compose*.yml"):
        text = _checked_seldom(file.read_text())
        file.write_text(
            re.sub(r"\bcloudlens-(?=(backend|mysql|redis|reports|prod|staging))", f"{name}-", text)
        )
    for file in folder.glob(".env.*"):
        file.write_text(file.read_text().replace("cloudlens.localhost", f"{name}.localhost"))
    return name


def _checked_seldom(compose: str) -> str:
    """Each health check starts processes, and dozens of containers run at once. Tidegate waits for
    none of the engine's."""
    seldom = compose.replace("interval: 5s", "interval: 30s")
    return seldom.replace(
        "  backend:\n    image:", "  backend:\n    healthcheck: {interval: 30s}\n    image:"
    )


def domain_of(stack: str, environment: str) -> str:
    return f"{stack}.localhost" if environment == "prod" else f"{environment}.{stack}.localhost"


def _set(content: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, last = path
    for part in parents:
        content = content[part]
    content[last] = value


@contextmanager
def installation(folder: Path, add_stacks: Callable[[Settings], None]) -> Iterator[Installation]:
    """Start a control plane in `folder`; everything that it and its stacks start is gone at the
    end, by id or own label.

    `add_stacks` comes first: the forms list the stacks that are there when the deployments are
    registered.
    """
    mark = secrets.token_hex(3)
    home, stacks = folder / "home", folder / "stacks"
    home.mkdir(parents=True)
    stacks.mkdir()
    shutil.copy(HOME / "images.env", home / "images.env")
    shutil.copytree(PREFECT_DATABASE, home / "prefect")
    ports = free_ports(4)
    settings = Settings(
        home=home,
        stacks=stacks,
        prefect_port=ports[0],
        edge_port=ports[1],
        edge_check_port=ports[2],
        receiver_port=ports[3],
        edge_name=f"tidegate-test-{mark}",
        lock_ttl_seconds=6,
    )
    add_stacks(settings)
    plane, before = ControlPlane(settings), dict(os.environ)
    os.environ.update(
        {key: value for key, value in plane.environment().items() if key.startswith("TIDEGATE_")}
    )
    with temporary_settings(
        {
            PREFECT_API_URL: plane.api_url,
            PREFECT_API_AUTH_STRING: plane.secret,
            PREFECT_HOME: home / "prefect",
        }
    ):
        try:
            yield Installation(settings, run(settings, Console(quiet=True)))
        finally:
            plane.stop()
            os.environ.clear()
            os.environ.update(before)
            remove_everything(settings)


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that the kernel chose; free when asked."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def environments_of(folder: Path) -> list[str]:
    return list(yaml.safe_load((folder / "stack.yaml").read_text())["environments"])


def remove_stack(name: str, environments: Sequence[str] = ("staging", "prod")) -> None:
    """What a stack has on the engine: containers, networks, volumes."""
    _remove([f"{name}-{environment}" for environment in environments])


def remove_edge(name: str) -> None:
    """An edge and its networks."""
    _remove([], name)


def remove_images(stack: str) -> None:
    """What was built for a stack that has no container now: its next release builds anew."""
    images = DockerHost().client.images
    for image in images.list(filters={"label": f"tidegate.stack={stack}"}):
        images.remove(str(image.id), force=True)


def remove_everything(settings: Settings) -> None:
    """What this installation's stacks have on the engine, its edge, and its edge's networks."""
    _remove(
        [
            f"{file.parent.name}-{environment}"
            for file in settings.stacks.glob("*/stack.yaml")
            for environment in environments_of(file.parent)
        ],
        settings.edge_name,
    )


def _remove(projects: Sequence[str], edge_name: str = "") -> None:
    client = DockerHost().client
    for container in client.containers.list(all=True):  # others remove theirs meanwhile
        if container.name == edge_name or _project_of(container.labels) in projects:
            container.remove(force=True, v=True)
    for network in client.networks.list():
        labels = network.attrs["Labels"] or {}
        if (edge_name and labels.get("tidegate.edge", "").startswith(edge_name)) or _project_of(
            labels
        ) in projects:
            network.remove()
    for volume in client.volumes.list():
        if _project_of(volume.attrs["Labels"]) in projects:
            volume.remove()


def _project_of(labels: Mapping[str, str] | None) -> str:
    """The base project, of a slot too."""
    return re.sub(r"-\d+$", "", (labels or {}).get("com.docker.compose.project", ""))
