"""CROFT: an application with a real database that its team has started by hand, and people who
write into it all the time."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import httpx
import yaml

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tests.e2e.in_process import database_of, release_here
from tests.installation import SUFFIX, Installation, add_stack, free_ports
from tidegate.facts import ContainerFacts, Slot
from tidegate.stack.envfile import read_env_as_far

CROFT = f"croft{SUFFIX}"
BY_HAND, OLD, NEW = f"{CROFT}_by_hand", "v2.0.0", "v2.0.1"
PROJECT = "com.docker.compose.project"
PER_SECOND = 50
START_SECONDS = 120
HOST = DockerHost()
ENTRIES = """
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse
from cloudlens.stores import database


def entries(request: Request) -> JSONResponse:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO entries (mark) VALUES (:mark)"), {"mark": request.query_params["mark"]})
    return JSONResponse({"kept": request.query_params["mark"]})
"""


def make_repository(sample: Path, folder: Path) -> None:
    """The example, with a way to write: two versions."""
    _git(folder.parent, "clone", "--quiet", str(sample), str(folder))
    _git(folder, "checkout", "--quiet", "-B", "main", "v1.0.0")
    (folder / "cloudlens" / "entries.py").write_text(ENTRIES)
    app = folder / "cloudlens" / "app.py"
    app.write_text(
        app.read_text()
        .replace("import bills,", "import bills, entries,")
        .replace(
            'Route("/health"',
            'Route("/entries", entries.entries, methods=["POST"]),\n    Route("/health"',
        )
    )
    for version in (OLD, NEW):
        (folder / "README.md").write_text(f"{version}\n")
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "-m", f"Keep entries, as {version}")
        _git(folder, "tag", version)


@contextmanager
def started_by_hand(tidegate: Installation, folder: Path) -> Iterator[int]:
    """Its team runs OLD by compose, under a project of its own choosing. Yields the port of the
    host."""
    [port] = free_ports(1)
    stacks = tidegate.settings.stacks
    add_stack(
        tidegate.settings,
        CROFT,
        environments=("prod",),
        changes={
            "environments.prod.approval": False,
            "environments.prod.drain_seconds": 1,
            "smoke_repeat_seconds": 0,
            "environments.prod.base_project": BY_HAND,
            "language": "en",
        },
    )
    file = stacks / CROFT / "stack.yaml"
    content = yaml.safe_load(file.read_text())
    make_repository(Path(content["source"]["repository"]), folder)
    content["source"]["repository"] = str(folder)
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    with (stacks / CROFT / ".env.production").open("a") as env:
        env.write(f"\nBACKEND_PORT={port}\n")
    try:
        _start(tidegate, stacks / CROFT)
        yield port
    finally:
        _remove(BY_HAND)
        if (stacks / CROFT).exists():
            tidegate.retire(CROFT)


def _start(tidegate: Installation, folder: Path) -> None:
    """As the team would: an image of its own, `docker compose up`, and the schema by hand."""
    state = release_here(CROFT, OLD, plan_only=True)  # builds the image, and starts nothing
    assert state.is_completed(), state.message
    values, fault = read_env_as_far(folder / ".env.production", {})
    assert fault is None
    model = Compose(HOST).read([folder / "docker-compose.yml"], values, BY_HAND)
    built = HOST.client.images.list(
        filters={"label": [f"tidegate.stack={CROFT}", f"org.opencontainers.image.version={OLD}"]}
    )
    image = f"acme/{CROFT}:{OLD}"
    assert built[0].tag(image)
    model["services"]["backend"]["image"] = image
    Compose(HOST).up(Slot(BY_HAND, model))
    backend = one_of("backend").name
    until = time.monotonic() + START_SECONDS
    while HOST.execute(backend, ["alembic", "upgrade", "head"]).exit_code:
        assert time.monotonic() < until
        time.sleep(1)
    _sql(tidegate, "CREATE TABLE entries (mark VARCHAR(40) PRIMARY KEY)")


def one_of(service: str) -> ContainerFacts:
    """The team's own container of a service."""
    [found] = [one for one in HOST.containers({PROJECT: BY_HAND}) if one.service == service]
    return found


def life_of(container: str) -> tuple[str, str]:
    """Its id, and when it was started: the same ones as long as nobody has restarted it."""
    attrs = HOST.client.containers.get(container).attrs
    return attrs["Id"], attrs["State"]["StartedAt"]


def kept(tidegate: Installation) -> set[str]:
    """The marks that the database has."""
    return {mark for [mark] in _sql(tidegate, "SELECT mark FROM entries")}


@dataclass
class Writers:
    """50 rows a second, by one door after the other. Nothing is sent twice."""

    url: str
    host: str
    confirmed: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Writers:
        self._threads = [
            threading.Thread(target=self._write, args=(number,), daemon=True) for number in (0, 1)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        count, due = 0, time.monotonic()
        with httpx.Client(timeout=30, trust_env=False) as client:
            while not self._ended.wait(max(0.0, due - time.monotonic())):
                due, count, mark = due + 2 / PER_SECOND, count + 1, f"{number}-{count}"
                url = self.url
                try:
                    answer = client.post(
                        f"{url}/entries", params={"mark": mark}, headers={"Host": self.host}
                    )
                except httpx.HTTPError as error:
                    self.lost.append(f"{mark} at {url}: {type(error).__name__}")
                    continue
                if answer.status_code == httpx.codes.OK:
                    self.confirmed.add(mark)
                else:
                    self.lost.append(f"{mark} at {url}: {answer.status_code}")


def _sql(tidegate: Installation, statement: str) -> list[list[str]]:
    return database_of(tidegate, CROFT).query("asking as the team does", statement)


def _git(folder: Path, *words: str) -> None:
    name = ["-c", "user.name=mei", "-c", "user.email=mei@example.com"]
    subprocess.run(
        ["git", "-C", folder, *name, *words], check=True, capture_output=True, timeout=60
    )


def _remove(project: str) -> None:
    label: dict[str, str | list[str] | bool] = {"label": f"{PROJECT}={project}"}
    for container in HOST.client.containers.list(all=True, filters=label):
        container.remove(force=True, v=True)
    for network in HOST.client.networks.list(filters=label):
        network.remove()
    for volume in HOST.client.volumes.list(filters=label):
        volume.remove()
