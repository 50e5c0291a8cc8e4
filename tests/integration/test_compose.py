"""Compose files read and projects started, stopped, started again and removed on the real
engine."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from blocks.docker.compose import Compose
from blocks.docker.host import DockerHost
from tests import images
from tidegate.errors import ComposeError, ConfigError, EngineError, StackFileError
from tidegate.facts import ComposeModel, ContainerFacts, Slot
from tidegate.stack.slot import make_slot, used_volumes

IMAGE = images.BASE
AWKWARD = "pa$$word$X \"quoted\" 'single' #=|&\\"


@pytest.fixture
def compose() -> Compose:
    return Compose(DockerHost(), redact=str)


@pytest.fixture
def project(compose: Compose) -> Iterator[str]:
    name = f"tg-test-{uuid4().hex[:8]}"
    yield name
    compose.remove(name)
    for volume in compose.host.client.volumes.list(
        filters={"label": f"com.docker.compose.project={name}"}
    ):
        volume.remove()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(f"""
services:
  web:
    image: {IMAGE}
    command: ["sh", "-c", "exec sleep 300"]
    init: true
    environment: {{PASSWORD: "${{PASSWORD}}", LEVEL: "${{LEVEL:-INFO}}", PRICE: "5$$"}}
    depends_on: [data]
  data:
    image: {IMAGE}
    command: [sleep, "300"]
    init: true
    volumes: ["kept:/var/lib/kept"]
volumes: {{kept: {{}}}}
""")
    return path


def containers(compose: Compose, project: str) -> dict[str, ContainerFacts]:
    return {c.service: c for c in compose.host.containers({"com.docker.compose.project": project})}


def printed(compose: Compose, container: str, *command: str) -> str:
    return compose.host.execute(container, command).stdout


def test_the_model_holds_the_values_as_they_are(compose: Compose, file: Path) -> None:
    model = compose.read([file], {"PASSWORD": AWKWARD}, "demo")
    assert model["services"]["web"]["environment"] == {
        "PASSWORD": AWKWARD,
        "LEVEL": "INFO",
        "PRICE": "5$",
    }


def test_later_files_override_earlier_ones(compose: Compose, file: Path) -> None:
    over = file.with_name("compose.prod.yaml")
    over.write_text("services: {web: {environment: {LEVEL: WARNING}}}")
    model = compose.read([file, over], {"PASSWORD": "x"}, "demo")
    assert model["services"]["web"]["environment"]["LEVEL"] == "WARNING"


def test_a_variable_without_value_and_default_is_refused_by_name(
    compose: Compose, file: Path
) -> None:
    with pytest.raises(ConfigError, match="no value for PASSWORD"):
        compose.read([file], {"LEVEL": "DEBUG"}, "demo")


def test_a_required_variable_is_refused_by_name(compose: Compose, tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services: {web: {image: '${IMAGE_REF:?say which}'}}")
    with pytest.raises(ConfigError, match="no value for IMAGE_REF"):
        compose.read([path], {}, "demo")


def test_a_dotenv_file_beside_the_compose_file_does_not_count(compose: Compose, file: Path) -> None:
    file.with_name(".env").write_text("PASSWORD=left-over")
    with pytest.raises(ConfigError, match="PASSWORD"):
        compose.read([file], {}, "demo")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("services: {web: {image: [a}}", "did not find expected"),
        ("services: {web: {imagee: a}}", "imagee"),
        ("services: {web: {image: a, depends_on: [gone]}}", "gone"),
        ('version: "3"\nservices: {web: {image: a, volumes: ["gone:/x"]}}', "gone"),
    ],
)
def test_a_wrong_compose_file_is_refused_with_its_name(
    compose: Compose, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "compose.wrong.yaml"
    path.write_text(text)
    with pytest.raises(StackFileError, match=said) as caught:
        compose.read([path], {}, "demo")
    assert "compose.wrong.yaml" in str(caught.value)
    assert "level=warning" not in str(caught.value)


def test_a_missing_compose_file_is_refused(compose: Compose, tmp_path: Path) -> None:
    with pytest.raises(StackFileError, match="no such file"):
        compose.read([tmp_path / "compose.gone.yaml"], {}, "demo")


@pytest.fixture
def running(compose: Compose, file: Path, project: str) -> ComposeModel:
    model = compose.read([file], {"PASSWORD": AWKWARD}, project)
    compose.up(Slot(project, model))
    return model


def test_a_container_gets_its_values_unchanged(
    compose: Compose, project: str, running: ComposeModel
) -> None:
    web = containers(compose, project)["web"].id
    assert printed(compose, web, "printenv", "PASSWORD") == f"{AWKWARD}\n"
    assert printed(compose, web, "printenv", "PRICE") == "5$\n"


def test_starting_the_same_slot_again_changes_nothing(
    compose: Compose, project: str, running: ComposeModel
) -> None:
    before = containers(compose, project)
    compose.up(Slot(project, running))
    assert containers(compose, project) == before


def test_a_stopped_project_starts_again_with_the_same_containers(
    compose: Compose, project: str, running: ComposeModel
) -> None:
    before = containers(compose, project)
    compose.stop(project, grace_seconds=5)
    assert {c.state for c in containers(compose, project).values()} == {"exited"}
    compose.start_again(project)
    after = containers(compose, project)
    assert {c.state for c in after.values()} == {"running"}
    assert {c.id for c in after.values()} == {c.id for c in before.values()}


def test_removing_leaves_volumes_and_nothing_else(
    compose: Compose, project: str, running: ComposeModel
) -> None:
    data = containers(compose, project)["data"].id
    assert (
        compose.host.execute(data, ["sh", "-c", "echo precious > /var/lib/kept/row"]).exit_code == 0
    )
    compose.remove(project)
    compose.remove(project)
    client = compose.host.client
    label = {"label": f"com.docker.compose.project={project}"}
    assert containers(compose, project) == {}
    assert client.networks.list(filters=label) == []
    assert [volume.name for volume in client.volumes.list(filters=label)] == [f"{project}_kept"]
    compose.up(Slot(project, running))
    again = containers(compose, project)["data"].id
    assert printed(compose, again, "cat", "/var/lib/kept/row") == "precious\n"


def test_a_removed_project_cannot_be_started_again(compose: Compose, project: str) -> None:
    with pytest.raises(EngineError, match="have been removed"):
        compose.start_again(project)


def test_the_base_project_starts_only_what_is_named_and_leaves_it_running(
    compose: Compose, project: str, file: Path
) -> None:
    compose.up_base(compose.read([file], {"PASSWORD": "one"}, project), project, ["data"])
    before = containers(compose, project)
    assert set(before) == {"data"}
    changed = compose.read([file], {"PASSWORD": "two"}, project)
    changed["services"]["data"]["environment"] = {"NEW": "value"}
    compose.up_base(changed, project, ["data"])
    assert containers(compose, project) == before


def test_an_image_that_is_not_on_the_engine_is_never_pulled(compose: Compose, project: str) -> None:
    model: ComposeModel = {"services": {"web": {"image": "example.invalid/app:1"}}}
    with pytest.raises(ComposeError, match=r"example\.invalid/app:1"):
        compose.up(Slot(project, model))


def test_what_compose_prints_is_redacted(project: str) -> None:
    compose = Compose(DockerHost(), redact=lambda text: text.replace("hunter2", "***"))
    model: ComposeModel = {"services": {"web": {"image": "example.invalid/hunter2:1"}}}
    with pytest.raises(ComposeError) as caught:
        compose.up(Slot(project, model))
    assert "hunter2" not in str(caught.value)
    assert "***" in str(caught.value)


def test_a_compose_that_is_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "docker-compose"
    old.write_text('#!/bin/sh\n[ "$2" = --short ] && echo 1.29.2\n')
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert Compose(DockerHost(), redact=str).version().startswith("2.")


def test_a_model_is_plain_json(compose: Compose, file: Path) -> None:
    model = compose.read([file], {"PASSWORD": AWKWARD}, "demo")
    assert json.loads(json.dumps(model)) == model


def test_a_volume_that_only_a_slot_uses_is_made_as_it_is_declared(
    compose: Compose, project: str, tmp_path: Path
) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(f"""
services: {{web: {{image: {IMAGE}, command: [sleep, "300"], init: true, volumes: ["uploads:/uploads", "memory:/memory"]}}}}
volumes:
  uploads: {{labels: {{team: harbour}}}}
  memory: {{driver_opts: {{type: tmpfs, device: tmpfs, o: "size=1m"}}}}
""")
    model = compose.read([path], {}, project)
    compose.make_volumes(model, project, used_volumes(model, ["web"]))
    compose.make_volumes(model, project, used_volumes(model, ["web"]))  # again: changes nothing
    slot = make_slot(
        model,
        base_project=project,
        project=project,
        number=1,
        released=["web"],
        images={"web": IMAGE},
        edge_network="bridge",
        labels={},
    )
    shown = {
        one.attrs["Labels"]["com.docker.compose.volume"]: one.attrs
        for one in compose.host.client.volumes.list(
            filters={"label": f"com.docker.compose.project={project}"}
        )
    }
    assert slot.model["volumes"]["uploads"] == {"name": shown["uploads"]["Name"], "external": True}
    assert shown["uploads"]["Labels"]["team"] == "harbour"
    assert shown["memory"]["Options"]["o"] == "size=1m"
    alone = {**slot.model["services"]["web-1"], "network_mode": "none"}
    del alone["networks"]
    compose.up(Slot(project, {**slot.model, "services": {"web-1": alone}, "networks": {}}))
    [web] = containers(compose, project).values()
    assert printed(compose, web.id, "sh", "-c", "ls -d /uploads /memory").split() == [
        "/memory",
        "/uploads",
    ]
