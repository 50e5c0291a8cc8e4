"""Which environment a command means, and what a person reads who named none that is there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blocks.edges.traefik.looked_at import edge_state
from cli.places import meant_environment
from cli.typed import said_once
from tests.unit.ledger_parts import ledger_url
from tests.unit.test_stackfile import SAMPLE, written
from tidegate.errors import EdgeError, InputError, StackFileError
from tidegate.settings import Settings
from tidegate.stack.file import load_stack


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    written(tmp_path / "stacks" / "cloudlens", SAMPLE)
    return Settings(stacks=tmp_path / "stacks", home=tmp_path, ledger_url=ledger_url(tmp_path))


def test_the_only_environment_is_meant_and_one_that_is_there_is_taken(settings: Settings) -> None:
    assert meant_environment(settings, "lens", None) == "prod"
    assert meant_environment(settings, "lens", "prod") == "prod"


@pytest.mark.parametrize(
    ("said", "to_do"),
    [
        ("stage", "Use one of these, or add it to stack.yaml"),
        ("backend", "`tidegate logs cloudlens ENVIRONMENT --service backend`"),
        ("mysql", "`tidegate logs cloudlens ENVIRONMENT --service mysql`"),
    ],
)
def test_a_name_that_nobody_knows_is_refused_with_those_there_are(
    settings: Settings, said: str, to_do: str
) -> None:
    with pytest.raises(InputError) as raised:
        meant_environment(settings, "cloudlens", said)
    assert raised.value.came_back == f"it has no {said!r} (it has prod)"
    assert to_do in raised.value.to_do


def test_a_stack_that_cannot_be_read_here_stops_nobody_who_names_the_environment(
    settings: Settings,
) -> None:
    assert meant_environment(settings, "elsewhere", "stage") == "stage"


@pytest.mark.parametrize("file", ["missing/ledger.db", "empty.db"])
def test_before_the_first_start_a_wrong_name_is_said_and_so_is_a_faulty_file(
    settings: Settings, file: str, tmp_path: Path
) -> None:
    ledger = f"sqlite:///{tmp_path / file}"
    new = Settings(stacks=settings.stacks, home=tmp_path, ledger_url=ledger)
    with pytest.raises(InputError) as raised:
        meant_environment(new, "cloudlens", "stage")
    assert raised.value.came_back == "it has no 'stage' (it has prod)"
    (tmp_path / "stacks" / "cloudlens" / "stack.yaml").write_text("name: cloudlens\n")
    with pytest.raises(StackFileError, match="services: is missing"):
        meant_environment(new, "cloudlens", None)


def test_a_service_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    line = "  - {name: backend, image: acme/cloudlens-backend, port: 8000, ready_path: /ready}\n"
    again = SAMPLE.replace(line, line + "  - {name: backend}\n")
    with pytest.raises(StackFileError) as raised:
        load_stack(written(tmp_path / "cloudlens", again))
    assert "services[1].name: backend is there already, as services[0]" in raised.value.came_back


def test_another_installations_edge_is_not_taken_for_ours(tmp_path: Path) -> None:
    theirs = {"Source": "/elsewhere/edge", "Destination": "/etc/traefik/dynamic"}
    container = SimpleNamespace(attrs={"Mounts": [theirs]}, status="running")
    maker: Any = SimpleNamespace(
        name="tidegate-edge", folder=tmp_path, current=lambda: container, check_port=1
    )
    with pytest.raises(EdgeError, match="another installation's: it reads /elsewhere/edge"):
        edge_state(cast(Any, maker))


def test_a_command_names_its_environment_in_either_form_and_only_once() -> None:
    assert said_once("prod", None) == said_once(None, "prod") == said_once("prod", "prod") == "prod"
    assert said_once(None, None) is None
    with pytest.raises(InputError, match="it names prod and staging"):
        said_once("prod", "staging")
