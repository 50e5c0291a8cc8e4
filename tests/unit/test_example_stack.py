"""The sample stack is accepted, and its templates hold what it asks for."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from setup import env_files
from tidegate.stack.file import Stack, load_stack

FOLDER = Path(__file__).parents[2] / "stacks" / "cloudlens"
IMAGES = {
    "PYTHON_IMAGE": "local/python:1",
    "DATABASE_IMAGE": "local/mysql:1",
    "CACHE_IMAGE": "local/redis:1",
}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return load_stack(FOLDER)


@pytest.fixture
def own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project root with one template, and images chosen."""
    (tmp_path / "stacks" / "one").mkdir(parents=True)
    (tmp_path / "stacks" / "one" / ".env.prod.example").write_text(
        "A_PASSWORD=CHANGEME\nCACHE_IMAGE=public\n"
    )
    (tmp_path / "images.env").write_text(
        "".join(f"{key}={image}\n" for key, image in IMAGES.items())
    )
    monkeypatch.setattr("setup.env_files.ROOT", tmp_path)
    monkeypatch.setattr("setup.images.IMAGES_ENV", tmp_path / "images.env")
    return tmp_path


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_a_filled_template_has_every_required_key(
    stack: Stack, environment: str, tmp_path: Path
) -> None:
    wanted = stack.environments[environment]
    text = env_files.fill(
        (FOLDER / f"{wanted.env_file}.example").read_text(encoding="utf-8"), IMAGES
    )
    (tmp_path / "env").write_text(text, encoding="utf-8")
    values = dotenv_values(tmp_path / "env")
    assert all(values[key] for key in wanted.required_keys)
    assert "CHANGEME" not in values.values()
    assert values["DATABASE_IMAGE"] == "local/mysql:1"
    assert values["APP_DOMAIN"] == wanted.domains[0]


def test_every_template_has_the_same_keys() -> None:
    keys = [set(dotenv_values(template)) for template in FOLDER.glob(".env*.example")]
    assert len(keys) == 3
    assert keys[0] == keys[1] == keys[2]


def test_no_two_passwords_are_the_same() -> None:
    lines = env_files.fill("A=CHANGEME\nB=CHANGEME\n", {}).splitlines()
    assert len({line.partition("=")[2] for line in lines}) == 2


def test_staging_and_prod_can_stand_on_one_engine(stack: Stack) -> None:
    one, other = (
        _claims(FOLDER / environment.compose_files[0])
        for environment in stack.environments.values()
    )
    assert not one & other


def test_an_env_file_is_written_for_its_owner_only(own_root: Path) -> None:
    assert env_files.ensure() == "written: .env.prod"
    written = own_root / "stacks" / "one" / ".env.prod"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert dotenv_values(written)["CACHE_IMAGE"] == "local/redis:1"


def test_an_env_file_that_is_there_is_never_touched(
    own_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = own_root / "stacks" / "one" / ".env.prod"
    mine.write_text("CACHE_IMAGE=mine:1\n")
    assert env_files.ensure() == "all there"
    assert mine.read_text() == "CACHE_IMAGE=mine:1\n"
    assert "CACHE_IMAGE=mine:1; this machine has local/redis:1" in capsys.readouterr().out


def _claims(compose_file: Path) -> set[str]:
    """What an engine has only once: project, container, network and alias names, host ports."""
    content = yaml.safe_load(compose_file.read_text(encoding="utf-8"))
    services = content["services"].values()
    aliases = {
        alias
        for service in services
        if isinstance(service["networks"], dict)
        for network in service["networks"].values()
        for alias in network["aliases"]
    }
    names = {network["name"] for network in content["networks"].values() if network}
    ports = {port for service in services for port in service.get("ports", [])}
    return (
        {content["name"]}
        | {service["container_name"] for service in services}
        | aliases
        | names
        | ports
    )
