"""A secret's value appears nowhere (invariant 11): planted, released twice, once badly, and looked
for everywhere."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from prefect.blocks.system import Secret
from pydantic import SecretStr

from blocks.docker.host import DockerHost
from blocks.messengers.webhook import SlackWebhook
from cli.prefect_api import auth_header
from tests.e2e.canaries import (
    CANARIES,
    IN_ENV_FILE,
    TELLTALE,
    Onlooker,
    findings,
    repeatedly,
    webhook,
)
from tests.e2e.releases import released
from tests.installation import SHOP, Installation, add_stack, installation, remove_images
from tidegate.settings import Settings

VAULT = SHOP.replace("shop", "vault")
SAVE_SECONDS = 300


@dataclass(frozen=True)
class Released:
    """What a good and a bad release with planted secrets left behind."""

    tidegate: Installation
    onlooker: Onlooker
    messages: list[bytes]
    faults: list[str]
    """State messages of the bad one."""


@pytest.fixture(scope="module")
def secretive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    onlooker = Onlooker()
    with (
        webhook() as (port, messages),
        installation(tmp_path_factory.mktemp("vault"), plant) as tidegate,
    ):
        SlackWebhook(url=SecretStr(f"http://127.0.0.1:{port}/services/{CANARIES['HOOK']}")).save(
            "canary"
        )
        SlackWebhook(url=SecretStr(f"http://127.0.0.1:9/services/{CANARIES['DEAD_HOOK']}")).save(
            "canary-dead"
        )
        Secret(value=CANARIES["SIGNING_SEED"]).save("canary-seed")
        with repeatedly(onlooker.look):
            good = released(stack=VAULT, version="v1.0.0", watch_seconds=1, requested_by="tester")
            bad = released(
                stack=VAULT, version="v1.2.3-crash-at-start", watch_seconds=1, requested_by="tester"
            )
        assert good.is_completed(), good.message
        assert bad.is_failed(), bad
        yield Released(tidegate, onlooker, messages, [str(bad.message)])


def plant(settings: Settings) -> None:
    """Both versions are built anew, with the secrets at hand: an image of an earlier session would
    prove nothing."""
    add_stack(
        settings,
        VAULT,
        environments=("prod",),
        changes={
            "environments.prod.approval": False,
            "environments.prod.drain_seconds": 0,
            "smoke_repeat_seconds": 0,
            "environments.prod.secrets": {"SIGNING_SEED": "canary-seed"},
            "notify": ["canary", "canary-dead"],
        },
    )
    remove_images(VAULT)
    folder = settings.stacks / VAULT
    env = folder / ".env.production"
    kept = [
        line for line in env.read_text().splitlines() if line.partition("=")[0] not in IN_ENV_FILE
    ]
    env.write_text("\n".join([*kept, *(f"{key}={CANARIES[key]}" for key in IN_ENV_FILE), ""]))
    compose = yaml.safe_load((folder / "docker-compose.yml").read_text())
    backend = compose["services"]["backend"]
    backend["environment"] |= {
        "PAYMENT_API_KEY": "${PAYMENT_API_KEY:?}",
        "SIGNING_SEED": "${SIGNING_SEED:?}",
    }
    backend["command"] = ["sh", "-c", TELLTALE]
    (folder / "docker-compose.yml").write_text(yaml.safe_dump(compose))


def test_the_canaries_were_where_they_could_have_leaked(secretive: Released) -> None:
    """A search that finds nothing must have had something to find."""
    logs = "".join(
        DockerHost().logs(one.id, 100) for one in DockerHost().containers({"tidegate.stack": VAULT})
    )
    assert CANARIES["SIGNING_SEED"] in logs
    for name, secret in CANARIES.items():
        header = base64.b64encode(f"admin{name}:{secret}".encode())
        assert findings("header", header) != [] != findings("text", f"-{secret}-".encode())
    assert "starting with *** *** ***" in secretive.faults[0]
    assert len(secretive.messages) >= 2
    assert secretive.onlooker.looks > 20


def test_no_state_or_exception_tells_one(secretive: Released) -> None:
    assert [
        found for message in secretive.faults for found in findings("state", message.encode())
    ] == []


def test_no_message_to_people_tells_one(secretive: Released) -> None:
    assert [found for message in secretive.messages for found in findings("message", message)] == []


@pytest.mark.parametrize("database", ["ledger.db", "prefect/prefect.db"])
def test_no_row_of_a_database_tells_one(secretive: Released, database: str) -> None:
    """Prefect's holds logs, parameters, states, artifacts and events; blocks lie there
    encrypted."""
    with closing(sqlite3.connect(secretive.tidegate.settings.home / database)) as opened:
        statements = list(opened.iterdump())
    assert len(statements) > 50
    assert [found for row in statements for found in findings(row[:60], row.encode())] == []


def test_the_prefect_api_tells_none(secretive: Released) -> None:
    import httpx

    tidegate = secretive.tidegate
    with httpx.Client(
        base_url=tidegate.plane.api_url,
        timeout=30,
        trust_env=False,
        headers=auth_header(tidegate.settings.api_auth()),
    ) as client:
        for path in (
            "logs",
            "flow_runs",
            "task_runs",
            "artifacts",
            "events",
            "deployments",
            "block_documents",
        ):
            answer = client.post(f"/{path}/filter", json={} if path == "events" else {"limit": 200})
            assert answer.is_success, answer.text
            assert answer.json()
            assert findings(path, answer.content) == []


def test_no_file_tells_one_but_dumps_and_seals_which_are_their_owners_alone(
    secretive: Released,
) -> None:
    """A dump is the data; a seal is what a way back starts the old version with."""
    files = [file for file in secretive.tidegate.settings.home.rglob("*") if file.is_file()]
    dumps = [file for file in files if file.name.endswith(".sql.gz")]
    seals = [file for file in files if file.match("home/sealed/*/inputs.json")]
    assert dumps
    assert seals
    assert {stat.S_IMODE(file.stat().st_mode) for file in dumps + seals} == {0o600}
    others = [file for file in files if file not in dumps + seals]
    assert [found for file in others for found in findings(str(file), _content(file))] == []
    assert {"server.log", "worker.log", "receiver.log"} <= {file.name for file in files}


def _content(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def test_no_process_and_no_container_shows_one_to_an_onlooker(secretive: Released) -> None:
    assert [found for text in secretive.onlooker.seen for found in findings("argv", text)] == []


def test_no_container_holds_one_but_in_its_environment(secretive: Released) -> None:
    client = DockerHost().client
    containers = client.containers.list(all=True, filters={"label": "com.docker.compose.project"})
    ours = [
        one.attrs
        for one in containers
        if one.labels["com.docker.compose.project"].startswith(f"{VAULT}-prod")
    ]
    assert len(ours) >= 3
    for attrs in ours:
        attrs["Config"].pop("Env")
        assert findings(attrs["Name"], json.dumps(attrs).encode()) == []


def test_no_layer_history_or_config_of_an_image_holds_one(secretive: Released) -> None:
    """Of every image that the two builds have left, also of one without a name."""
    images = DockerHost().client.images.list(filters={"label": f"tidegate.stack={VAULT}"})
    assert len(images) == 2
    for image in images:
        assert findings("image", json.dumps([image.attrs, image.history()]).encode()) == []
    patient = DockerHost(
        timeout_seconds=SAVE_SECONDS
    ).client  # the engine copies all layers before it answers
    assert list(_in_stream(patient.images.get(str(images[0].id)).save())) == []


def _in_stream(chunks: Iterable[bytes]) -> Iterator[str]:
    """Layers are plain tar files inside the saved tar file, so that a file's content stands there
    as it is."""
    end, total = b"", 0
    for chunk in chunks:
        yield from findings("layer", end + chunk)
        end, total = chunk[-200:], total + len(chunk)
    assert total > 1 << 20
