"""Blocks that a stack file names: where one is missing it is said where it is made, and its secrets
are hidden from the moment when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from pydantic import SecretStr
from pytest_mock import MockerFixture

from blocks.docker.host import DockerHost
from blocks.edges.traefik.edge import TraefikEdge
from blocks.messengers.apprise_notifier import AppriseNotifier
from blocks.messengers.webhook import SlackWebhook
from blocks.registries.registry import Registry
from tasks.frame import adapters
from tasks.frame.adapters import MissingNotifier, load, newest_versions, notifier, ports_of, secret
from tasks.plan.diagnosing import dns, looks
from tests.unit.test_stackfile import SAMPLE
from tidegate.errors import ConfigError, InputError, RegistryError, VersionError
from tidegate.facts import Message
from tidegate.secrecy.redaction import redact
from tidegate.settings import Settings
from tidegate.stack.file import Stack, load_stack

EDGE = TraefikEdge(
    config_directory=Path("/edge"), public_url="http://a.test", check_url="http://b.test"
)
HOOK = "https://hooks.test/services/a-path-that-nobody-guesses"


@pytest.fixture
def blocks(mocker: MockerFixture) -> dict[tuple[type[Block], str], Block]:
    """What Prefect has, by kind and name."""
    held: dict[tuple[type[Block], str], Block] = {
        (DockerHost, "local"): DockerHost(),
        (TraefikEdge, "local"): EDGE,
    }

    def of(kind: type[Block]) -> Any:
        def found(name: str) -> Block:
            if (kind, name) not in held:
                raise ValueError(f"no block {name}")
            return held[kind, name]

        return found

    for kind in (DockerHost, TraefikEdge, Registry, SlackWebhook, AppriseNotifier, Secret):
        mocker.patch.object(kind, "load", side_effect=of(kind))
    return held


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "stack.yaml").write_text(SAMPLE)
    return load_stack(tmp_path)


def test_a_block_that_is_missing_is_told_with_the_place_where_it_is_made(blocks: Any) -> None:
    with pytest.raises(ConfigError, match="loading the block tidegate-docker-host/far") as refused:
        load(DockerHost, "far")
    assert "Create it under Blocks in the Prefect UI" in str(refused.value)


def test_a_block_of_each_messenger_can_be_told(blocks: Any) -> None:
    apprise = AppriseNotifier(urls=SecretStr("json://a.test"))
    blocks[AppriseNotifier, "mail"] = apprise
    blocks[SlackWebhook, "chat"] = hook = SlackWebhook(url=SecretStr(HOOK))
    assert (notifier("mail"), notifier("chat")) == (apprise, hook)
    with pytest.raises(ConfigError, match="loading the notifier 'nobody'"):
        notifier("nobody")


def test_what_a_block_holds_is_in_no_text_from_then_on(blocks: Any) -> None:
    blocks[SlackWebhook, "chat"] = SlackWebhook(url=SecretStr(HOOK))
    notifier("chat")
    assert HOOK not in redact(f"posting to {HOOK} failed")


def test_the_value_of_a_secret_block_is_its_text(blocks: Any) -> None:
    blocks[Secret, "token"] = Secret(value="t0ken-of-the-team")
    assert secret("token") == "t0ken-of-the-team"
    with pytest.raises(ConfigError, match="loading the block secret/other"):
        secret("other")


def opened(stack: Stack, tmp_path: Path) -> Any:
    config = next(iter(stack.environments.values()))
    found = stack.model_copy(
        update={
            "environments": {"prod": config.model_copy(update={"host": "local"})},
            "notify": ("chat", "gone"),
        }
    )
    settings = Settings(home=tmp_path, stacks=tmp_path)
    return ports_of(settings, found, "prod", found.environments["prod"], str)


def test_an_environment_is_spoken_to_by_the_blocks_of_its_host(
    blocks: Any, stack: Stack, tmp_path: Path
) -> None:
    """A notifier that is missing stops nothing: a message to it is shown as not sent."""
    blocks[SlackWebhook, "chat"] = hook = SlackWebhook(url=SecretStr(HOOK))
    ports = opened(stack, tmp_path)
    assert (ports.host, ports.edge, ports.registry) == (DockerHost(), EDGE, None)
    assert ports.notifiers["chat"] == hook
    missing = ports.notifiers["gone"]
    assert isinstance(missing, MissingNotifier)
    with pytest.raises(ConfigError, match="loading the notifier 'gone'"):
        missing.send(Message("degraded", "red", "it fell", ""))
    blocks[Registry, "local"] = registry = Registry(url="registry.test")
    assert opened(stack, tmp_path).registry == registry


def test_an_environment_without_the_block_of_its_host_is_not_opened(
    blocks: Any, stack: Stack, tmp_path: Path
) -> None:
    del blocks[TraefikEdge, "local"]
    with pytest.raises(ConfigError, match="loading the block traefik-edge/local"):
        opened(stack, tmp_path)


def test_without_a_repository_there_are_no_versions_to_list(stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(VersionError, match="it has no repository"):
        newest_versions(stack.model_copy(update={"source": None}), tmp_path, 5)


def registry_look(tmp_path: Path) -> str:
    (tmp_path / "none").mkdir(exist_ok=True)
    settings = Settings(home=tmp_path, stacks=tmp_path / "none")
    return dict(looks(settings, has_server=True))["registry"]()


def test_a_registry_is_looked_at_as_its_block_says(
    blocks: Any, tmp_path: Path, mocker: MockerFixture
) -> None:
    asked = mocker.patch.object(Registry, "check")
    assert registry_look(tmp_path) == "none: images stay on their host"
    blocks[Registry, "local"] = Registry(url="")
    with pytest.raises(RegistryError, match="it has no url"):
        registry_look(tmp_path)
    asked.assert_not_called()
    blocks[Registry, "local"] = Registry(url="registry.test")
    assert registry_look(tmp_path) == "registry.test lets us in"
    asked.side_effect = RegistryError("asking", "no such user", "Correct it")
    with pytest.raises(RegistryError, match="no such user"):
        registry_look(tmp_path)


def test_each_address_of_a_name_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(name: str, port: None, *, type: int) -> list[Any]:
        if name == "none.test":
            raise OSError(-2, "Name or service not known")
        return [(0, type, 6, "", (address, 0)) for address in ("192.0.2.2", "192.0.2.1")] * 2

    monkeypatch.setattr("tasks.plan.diagnosing.socket.getaddrinfo", found)
    assert dns("shop.test") == "192.0.2.1, 192.0.2.2"
    with pytest.raises(InputError, match=r"\(Name or service not known\)"):
        dns("none.test")


def test_the_log_of_containers_is_read_on_the_host_that_the_block_says(
    blocks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks[DockerHost, "far"] = far = DockerHost(url="tcp://far.test:2376")
    monkeypatch.setattr(adapters, "read_logs", lambda *asked, follow: iter([(*asked, follow)]))
    asked: list[Any] = [*adapters.printed_by("far", {"web-1": "web"}, 7, follow=True)]
    assert asked == [(far, {"web-1": "web"}, 7, True)]
