"""Seeds and other one-shot services on the real engine: run when their work is to be done, and
counted by their exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from prefect.logging import disable_run_logger

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tasks.data.base import start_base
from tasks.frame.open_environment import OpenEnvironment
from tests.images import BASE
from tests.in_container import printed_in
from tests.integration.small_environments import small_environment
from tests.unit.ledger_parts import ledger_url
from tidegate.errors import DatabaseError, UnhealthyError
from tidegate.facts import Slot
from tidegate.ledger import Ledger
from tidegate.stack.slot import make_slot

HOST = DockerHost()
COMPOSE = Compose(HOST)
COUNT = "cat /given/seed.txt; echo x >> /data/runs; exit $(cat /given/code)"


@dataclass
class Team:
    """A stack's folder and its environment `prod`, opened anew each time as a release does."""

    folder: Path
    name: str
    compose: dict[str, Any]
    ledger: Ledger

    def edit(self, service: str, **keys: Any) -> None:
        self.compose["services"].setdefault(service, {}).update(keys)

    def give(self, name: str, text: str) -> None:
        (self.folder / "given" / name).write_text(text)

    @property
    def env(self) -> OpenEnvironment:
        (self.folder / "c.yml").write_text(yaml.safe_dump(self.compose))
        return small_environment(self.name, self.folder, self.folder, self.ledger)

    def started(self) -> list[str]:
        with disable_run_logger():
            return start_base(self.env)

    def runs(self) -> int:
        """How often the seed did its work: it adds a line to a volume each time."""
        volume = f"{self.name}-prod_data"
        said = printed_in(HOST, BASE, "cat", "/data/runs", volumes={volume: "/data"})
        return len(said.splitlines())

    def state_of(self, service: str) -> str:
        return HOST.client.containers.get(f"{self.name}-prod-{service}-1").status


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A database, a seed that waits for it, and a web service that waits for the seed."""
    name = f"tg-{uuid4().hex[:8]}"
    (tmp_path / "given").mkdir()
    seed = {
        "image": BASE,
        "command": ["sh", "-c", COUNT.replace("$", "$$")],
        "network_mode": "none",
        "depends_on": {"db": {"condition": "service_healthy"}},
        "volumes": [
            "data:/data",
            {"type": "bind", "source": "./given", "target": "/given", "read_only": True},
        ],
    }
    made = Team(
        tmp_path,
        name,
        {
            "volumes": {"data": {}},
            "services": {
                "db": {
                    "image": BASE,
                    "command": ["sleep", "600"],
                    "network_mode": "none",
                    "init": True,
                    "stop_grace_period": "1s",
                    "healthcheck": {"test": ["CMD", "true"], "interval": "0.5s"},
                },
                "seed": seed,
                "web": {
                    "image": "a/web",
                    "depends_on": {"seed": {"condition": "service_completed_successfully"}},
                },
            },
        },
        Ledger(ledger_url(tmp_path)),
    )
    made.give("seed.txt", "rows")
    made.give("code", "0")
    yield made
    made.ledger.close()
    COMPOSE.remove(f"{name}-prod")
    HOST.client.volumes.get(f"{name}-prod_data").remove()


def test_a_seed_runs_once_and_not_with_every_release(team: Team) -> None:
    assert team.started() == ["db", "seed"]
    assert (team.runs(), team.state_of("seed"), team.state_of("db")) == (1, "exited", "running")
    assert team.started() == []
    assert team.runs() == 1


def test_a_service_of_the_base_is_asked_whether_it_serves_as_soon_as_it_has_started(
    team: Team,
) -> None:
    """The engine itself would ask an hour later."""
    team.edit(
        "cache",
        image=BASE,
        command=["sleep", "600"],
        network_mode="none",
        init=True,
        stop_grace_period="1s",
        healthcheck={"test": ["CMD", "true"], "interval": "1h"},
    )
    assert team.started() == ["cache", "db", "seed"]


def test_a_seed_runs_again_when_what_it_does_has_changed(team: Team) -> None:
    team.started()
    team.edit("seed", environment={"ROWS": "2"})
    assert team.started() == ["seed"]
    team.give("seed.txt", "other rows")
    assert team.started() == ["seed"]
    team.edit("db", environment={"OTHER": "than-before"})
    assert team.started() == []
    assert team.runs() == 3


def test_a_seed_that_failed_is_shown_with_what_it_said_and_runs_with_the_next_release(
    team: Team,
) -> None:
    team.edit("seed", restart="no")
    team.edit("web", depends_on={})  # so that nobody but Tidegate looks at it
    team.give("code", "3")
    team.give("seed.txt", "no such table\n")
    with pytest.raises(UnhealthyError, match=r"exit code 3[\s\S]*no such table"):
        team.started()
    team.give("code", "0")
    assert team.started() == ["seed"]
    assert team.runs() == 2


def test_a_service_that_is_no_job_and_was_stopped_is_refused_still(team: Team) -> None:
    team.started()
    HOST.client.containers.get(f"{team.name}-prod-db-1").stop(timeout=1)
    with pytest.raises(DatabaseError, match="it is exited"):
        team.started()


def test_a_way_back_does_not_do_a_slot_s_one_time_work_again(team: Team) -> None:
    """A released service may be one-shot too: it runs once in each slot."""
    job = {
        "image": BASE,
        "command": team.compose["services"]["seed"]["command"],
        "volumes": team.compose["services"]["seed"]["volumes"],
    }
    web = {
        "image": BASE,
        "command": ["sleep", "600"],
        "init": True,
        "stop_grace_period": "1s",
        "depends_on": {"job": {"condition": "service_completed_successfully"}},
    }
    team.compose["services"] = {"job": job, "web": web}
    model = COMPOSE.read([write(team)], {}, f"{team.name}-prod")
    HOST.client.volumes.create(f"{team.name}-prod_data")
    edge = HOST.client.networks.create(f"{team.name}-edge")
    pin = HOST.client.images.get(BASE).id or ""
    slot = make_slot(
        model,
        base_project=f"{team.name}-prod",
        project=f"{team.name}-prod-1",
        number=1,
        labels={},
        released=["job", "web"],
        images={"job": pin, "web": pin},
        edge_network=f"{team.name}-edge",
        jobs=["job"],
    )
    slot = replace(
        slot,
        model={
            **slot.model,
            "networks": {
                **slot.model["networks"],
                "default": {"name": f"{team.name}-edge", "external": True},
            },
        },
    )
    try:
        COMPOSE.up(Slot(slot.project, slot.model))
        COMPOSE.stop(slot.project, grace_seconds=1)
        COMPOSE.start_again(slot.project)
        found = {
            one.service: one
            for one in HOST.containers({"com.docker.compose.project": slot.project})
        }
        assert {name: one.serves for name, one in found.items()} == {"job-1": True, "web-1": True}
        assert team.runs() == 1
    finally:
        COMPOSE.remove(slot.project)
        edge.remove()


def write(team: Team) -> Path:
    file = team.folder / "c.yml"
    file.write_text(yaml.safe_dump(team.compose))
    return file
