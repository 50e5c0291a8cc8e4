"""Bad input: one clear error that says what was being done, what came back and what to do, before
anything was changed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from blocks.registries.registry import Registry
from flows.release import release
from tasks.data.base import base_containers
from tasks.frame.adapters import load
from tasks.frame.environments import open_environment
from tasks.slots.health import wait_for
from tests.e2e.bad_registries import registry_that_answers, registry_that_is_silent
from tests.e2e.faulty_files import Change, faulty_files, in_stack, rewritten, set_key, unknown_key
from tests.installation import CABIN, SHOP, Installation, add_stack, domain_of
from tidegate.pages.fault_words import ZH

TILL = SHOP.replace("shop", "till")
DIALOGUE = re.compile(rf"^(({'|'.join(ZH.values())})。)?.+: .+\. .+", re.DOTALL)
AS_THE_OTHERS = pytest.mark.crash_only("the others; tests/unit/test_stackfile.py, test_envfile.py")
OF_A_REGISTRY = pytest.mark.crash_only("tests/integration/test_registry.py: what it answers")


@pytest.fixture(scope="module")
def till(tidegate: Installation) -> Iterator[Path]:
    """The folder of a stack that serves v1.0.0 in production and asks nobody; its staging was never
    started."""
    folder = tidegate.settings.stacks / add_stack(
        tidegate.settings,
        TILL,
        changes={
            "environments.prod.approval": False,
            "environments.prod.drain_seconds": 0,
            "smoke_repeat_seconds": 0,
        },
    )
    with rewritten(
        folder / "stack.yaml",
        in_stack(lambda stack: stack["environments"]["prod"].update(after="nothing")),
    ):
        state = release(
            TILL, "v1.0.0", "prod", watch_seconds=0, requested_by="tester", return_state=True
        )
    assert state.is_completed(), state.message
    yield folder
    tidegate.retire(TILL)


def picture(tidegate: Installation, stack: str) -> dict[str, object]:
    """Everything that a release could have changed."""
    ledger, host = tidegate.ledger, DockerHost()
    containers = [
        one
        for one in host.containers({})
        if one.labels.get("com.docker.compose.project", "").startswith(f"{stack}-")
    ]
    return {
        "deployments": [
            (one.id, one.state)
            for name in ("staging", "prod")
            for one in tidegate.history(stack, name)
        ],
        "locks": [lock.owner for lock in ledger.locks.holders() if lock.stack == stack],
        "containers": sorted((one.id, one.state) for one in containers),
        "served by": [
            tidegate.get(domain_of(stack, name)).headers.get("X-Tidegate-Deployment")
            for name in ("staging", "prod")
        ],
        "routes": {
            file.name: file.read_bytes()
            for file in (tidegate.settings.home / "edge").iterdir()
            if stack in file.name
        },
        "audit": len(ledger.audit.entries()),
    }


def refused(tidegate: Installation, stack: str = TILL, version: str = "v1.1.0") -> str:
    """The state's message of a release that must end without having changed anything."""
    before = picture(tidegate, stack)
    state = release(
        stack=stack,
        version=version,
        environment="prod",
        watch_seconds=0,
        requested_by="tester",
        return_state=True,
    )
    assert state.is_failed(), state
    assert picture(tidegate, stack) == before
    message = str(state.message)
    assert DIALOGUE.match(message), message
    assert "Traceback" not in message
    return message


# --- words ---


def test_an_unknown_stack_lists_the_known_ones(tidegate: Installation, till: Path) -> None:
    assert (
        f"there is none (known: {', '.join(sorted(one.name for one in till.parent.iterdir()))})"
        in refused(tidegate, "shoop")
    )


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("v9.9.9", ": there is no such tag. Use a known one"),
        pytest.param("latest", "`latest` is what a release leaves behind", marks=AS_THE_OTHERS),
        pytest.param("main", "it is a branch, or a tag that is no version", marks=AS_THE_OTHERS),
        pytest.param(
            "sha-0000000", "no commit that may be released starts so", marks=AS_THE_OTHERS
        ),
    ],
)
def test_a_version_that_cannot_be_released_is_refused(
    tidegate: Installation, till: Path, version: str, said: str
) -> None:
    assert said in refused(tidegate, version=version)


# --- files ---


@pytest.mark.parametrize(
    ("file", "change", "said"),
    faulty_files(AS_THE_OTHERS),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_faulty_file_is_refused_whole(
    tidegate: Installation, till: Path, file: str, change: Change, said: list[str]
) -> None:
    with rewritten(till / file, change):
        message = refused(tidegate)
    assert [part for part in said if part not in message] == [], message


def test_a_faulty_file_of_another_stack_stops_nobody_else(
    tidegate: Installation, till: Path
) -> None:
    other = tidegate.settings.stacks / CABIN / "stack.yaml"
    with rewritten(other, in_stack(unknown_key)):
        assert open_environment(TILL, "prod").stack.name == TILL
        assert "colour: unknown key" in refused(tidegate, CABIN)


# --- data ---


@pytest.mark.parametrize(
    "key", ["MYSQL_PASSWORD", pytest.param("MYSQL_ROOT_PASSWORD", marks=AS_THE_OTHERS)]
)
def test_a_wrong_database_password_is_seen_before_anything_changes(
    tidegate: Installation, till: Path, key: str
) -> None:
    with rewritten(till / ".env.production", set_key(key, "wrong-and-secret")):
        message = refused(tidegate)
    assert "the user or password is wrong" in message
    assert "Compare the env file with what the database was created with" in message
    assert "wrong-and-secret" not in message


def test_a_database_that_is_down_is_named_and_not_started_behind_somebodys_back(
    tidegate: Installation, till: Path
) -> None:
    env = open_environment(TILL, "prod")
    database = DockerHost().client.containers.get(base_containers(env)["mysql"])
    database.stop(timeout=60)
    try:
        message = refused(tidegate)
    finally:
        database.start()
        wait_for(env, env.base_project, {"mysql"}, 120, proved_before=True)
    assert re.search(
        f"looking at {database.name}: it is exited, so the data cannot.*docker start {database.name}",
        message,
    )


# --- host ---


@contextmanager
def production_on(tidegate: Installation, till: Path, host: str, url: str = "") -> Iterator[None]:
    """Production's host and edge under another name, for blocks of its own."""
    DockerHost(edge_network=tidegate.settings.edge_name, url=url).save(host, overwrite=True)
    load(TraefikEdge, "local").save(host, overwrite=True)
    with rewritten(
        till / "stack.yaml", in_stack(lambda stack: stack["environments"]["prod"].update(host=host))
    ):
        yield


def test_an_engine_that_is_down_is_one_error(
    tidegate: Installation, till: Path, tmp_path: Path
) -> None:
    with production_on(tidegate, till, "dead-engine", f"unix://{tmp_path}/nobody.sock"):
        message = refused(tidegate)
    assert f"{ZH['EngineError']}。connecting to the Docker Engine: no answer" in message
    assert message.count("no answer") == 1


@pytest.mark.parametrize(
    ("name", "registry", "patience", "said"),
    [
        pytest.param(
            "strict",
            lambda: registry_that_answers(401),
            20,
            "401: the account is not accepted. Correct username, password and rights",
            marks=OF_A_REGISTRY,
        ),
        pytest.param(
            "busy",
            lambda: registry_that_answers(429),
            20,
            "429: too many requests. Try again in 300 s",
            marks=OF_A_REGISTRY,
        ),
        pytest.param(
            "silent",
            registry_that_is_silent,
            0.5,
            "no answer in time. Check the network",
            marks=OF_A_REGISTRY,
        ),
    ],
)
def test_a_registry_that_will_not_serve_is_seen_before_the_build(
    tidegate: Installation,
    till: Path,
    name: str,
    registry: Callable[[], Any],
    patience: float,
    said: str,
) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(registry())
        Registry(url=f"http://127.0.0.1:{port}", timeout_seconds=patience).save(
            f"registry-{name}", overwrite=True
        )
        stack.enter_context(production_on(tidegate, till, f"registry-{name}"))
        message = refused(tidegate)
    assert f"{ZH['RegistryError']}。signing in to http://127.0.0.1:{port}: {said}" in message


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_too_full_for_a_backup_is_seen_before_anything_changes(
    tidegate: Installation, till: Path
) -> None:
    backups = tidegate.settings.home / "backups" / TILL
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(backups)], check=True, timeout=30
    )
    try:
        message = refused(tidegate)
    finally:
        subprocess.run(["umount", str(backups)], check=True, timeout=30)
    assert f"{ZH['CapacityError']}。making room for a backup in" in message
    assert "Free some disk space there" in message


def test_a_port_that_a_first_base_service_needs_and_somebody_has_is_seen_before_anything_starts(
    tidegate: Installation,
) -> None:
    booth = SHOP.replace("shop", "booth")
    folder = tidegate.settings.stacks / add_stack(
        tidegate.settings,
        booth,
        environments=("prod",),
        changes={"environments.prod.approval": False},
    )
    with socket.create_server(("127.0.0.1", 0)) as program:
        compose = yaml.safe_load((folder / "docker-compose.yml").read_text())
        compose["services"]["mysql"]["ports"] = [
            f"127.0.0.1:{(port := program.getsockname()[1])}:3306"
        ]
        (folder / "docker-compose.yml").write_text(yaml.safe_dump(compose))
        message = refused(tidegate, booth)
    assert (
        f"taking port {port} of the host: a program outside Docker has it. Stop that, or choose another port"
        in message
    )
