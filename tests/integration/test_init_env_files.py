"""`tidegate init` where an env file of production is all that says which keys an application has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.newcomers import begun
from tidegate.stack.envfile import read_env
from tidegate.stack.file import load_stack

COMPOSE = """
services:
  web:
    image: ghcr.io/acme/web:1.0
    ports: ["8000:8000"]
    env_file: .env.production
    environment: {MAIL_HOST: "${MAIL_HOST:-mail}"}
  db:
    image: postgres:16
    env_file: .env.production
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {data: {}}
"""
SECRETS = ("a7d1b0c9e8f2", "c0ffee5eed17")
PRODUCTION = f"""
POSTGRES_USER=shop
POSTGRES_PASSWORD={SECRETS[0]}
POSTGRES_DB=shop
SESSION_SECRET={SECRETS[1]}
LOG_LEVEL=info
SENTRY_DSN=
"""
KEYS = ("POSTGRES_USER", "POSTGRES_DB", "LOG_LEVEL")
SAID = "# The keys of .env.production, without its values."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    made.mkdir()
    (made / "docker-compose.yml").write_text(COMPOSE)
    (made / ".env.production").write_text(PRODUCTION)
    return made


def test_staging_has_the_keys_of_production_and_none_of_its_values(folder: Path) -> None:
    written = begun(folder)
    assert written["keys_of"] == ".env.production"
    assert {*KEYS} <= {*written["missing"][".env.staging"]}
    text = (folder / ".env.staging").read_text()
    assert text.startswith(f"{SAID}\n")
    assert not [one for one in (*SECRETS, "=info", "=shop") if one in text]
    values = read_env(folder / ".env.staging")
    assert values["SENTRY_DSN"] == ""
    assert written["made_up"][".env.staging"] == ("POSTGRES_PASSWORD", "SESSION_SECRET")
    assert values["SESSION_SECRET"] not in SECRETS  # it is only compared with itself: a new one
    template = (folder / ".env.staging.example").read_text().splitlines()
    assert template[0] == SAID
    assert {f"{key}=" for key in (*KEYS, "SESSION_SECRET", "SENTRY_DSN")} <= {*template}


def test_the_env_file_of_production_stays_as_it_is(folder: Path) -> None:
    begun(folder)
    assert (folder / ".env.production").read_text() == PRODUCTION


@pytest.mark.parametrize("other", [".env", ".env.example"])
def test_an_env_file_of_the_team_that_is_not_productions_goes_before(
    folder: Path, other: str
) -> None:
    (folder / other).write_text("LOG_LEVEL=debug\n")
    assert begun(folder)["keys_of"] == ""
    assert SAID not in (folder / ".env.staging").read_text()


def test_an_env_file_of_staging_that_is_there_stays_as_it_is(folder: Path) -> None:
    (folder / ".env.staging").write_text("LOG_LEVEL=debug\n")
    assert begun(folder)["keys_of"] == ""
    assert (folder / ".env.staging").read_text() == "LOG_LEVEL=debug\n"


def test_the_env_files_that_a_server_has_for_itself_say_the_keys(tmp_path: Path) -> None:
    names = (".envs/.production/.web", ".envs/.production/.db")
    folder = tmp_path / "shop"
    (folder / names[0]).parent.mkdir(parents=True)
    compose = COMPOSE.replace("env_file: .env.production", f"env_file: [{', '.join(names)}]")
    (folder / "docker-compose.yml").write_text(compose)
    login, rest = PRODUCTION.split("SESSION_SECRET")
    (folder / names[0]).write_text(f"SESSION_SECRET{rest}")
    (folder / names[1]).write_text(login)
    written = begun(folder)
    assert written["keys_of"] == ", ".join(names)
    assert {*KEYS} <= {*written["missing"][".env.staging"]}
    text = (folder / ".env.staging").read_text()
    assert not [one for one in (*SECRETS, "=info", "=shop") if one in text]
    assert load_stack(folder).environments["staging"].env_file_as == names
