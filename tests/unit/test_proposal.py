"""What is read in a compose file and a Dockerfile, so that nobody is asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from control.registered import stamp_of
from tests.unit.test_stackfile import SAMPLE
from tidegate.proposal.compose_files import compose_files_in, places_of
from tidegate.proposal.databases import databases_of
from tidegate.proposal.dockerfile import Dockerfile, read_dockerfile
from tidegate.proposal.questions import word_of
from tidegate.proposal.roles import roles_of, runs_alone
from tidegate.proposal.written_folders import mounts_of
from tidegate.stack.catalogue import every_stack
from tidegate.stack.host_paths import HostPaths
from tidegate.stack.variables import variables_in, whole_variable, with_defaults


def test_a_dockerfile_says_what_holds_for_its_last_stage() -> None:
    text = "FROM node:20 AS build\nEXPOSE 1\nFROM nginx:1.27\nexpose 80 443/tcp 53/udp\nHEALTHCHECK CMD \\\n  curl localhost\n"
    assert read_dockerfile(text) == Dockerfile("nginx:1.27", (80, 443), "CMD    curl localhost")
    assert read_dockerfile(text, "build").ports == (1,)


def test_a_stage_has_what_the_stage_before_it_says() -> None:
    text = "FROM --platform=linux/amd64 python:3.12 AS Base\nEXPOSE 8000\nFROM base AS app\nHEALTHCHECK NONE\n"
    assert read_dockerfile(text) == Dockerfile("python:3.12", (8000,), "")


def test_variables_are_read_as_compose_reads_them() -> None:
    found = [
        (one.name, one.default)
        for one in variables_in({"a": ["$A ${B:-x} $$C ${D:?why}"], "e": "${E-${F:-y}}"})
    ]
    assert found == [("A", None), ("B", "x"), ("D", None), ("E", "${F:-y}"), ("F", "y")]
    assert (with_defaults("x${A:-b}c"), with_defaults("${A}")) == ("xbc", None)
    assert whole_variable("x${A}") is None


@pytest.mark.parametrize(
    ("names", "files", "kinds"),
    [
        (["compose.yaml", "compose.override.yaml"], [("compose.yaml",)], ["staging"]),
        (
            ["docker-compose.yml", "docker-compose.prod.yml"],
            [("docker-compose.yml", "docker-compose.prod.yml")] * 2,
            ["staging", "production"],
        ),
        (
            ["docker-compose.local.yml", "docker-compose.production.yml"],
            [("docker-compose.production.yml",)] * 2,
            ["staging", "production"],
        ),
        (
            ["compose.yml", "compose.staging.yml"],
            [("compose.yml", "compose.staging.yml"), ("compose.yml",)],
            ["staging", "production"],
        ),
    ],
)
def test_which_environments_there_are_is_read_in_the_names_of_the_files(
    names: list[str], files: list[tuple[str, ...]], kinds: list[str]
) -> None:
    places = places_of(compose_files_in(names), ())
    assert ([one.files for one in places], [one.kind for one in places]) == (files, kinds)


def test_a_variant_that_stands_by_itself_is_read_alone() -> None:
    places = places_of(
        compose_files_in(["compose.yml", "compose.staging.yml"]), {"compose.staging.yml"}
    )
    assert places[0].files == ("compose.staging.yml",)


def test_a_database_that_is_built_here_is_none_that_is_released() -> None:
    built = {"build": {"context": "."}}
    model: dict[str, Any] = {
        "services": {
            "web": built,
            "db": built,
            "cache": {"image": "redis:7"},
            "proxy": {"image": "nginx:1", "depends_on": {"web": {}}},
        }
    }
    found = roles_of(model, {"web": Dockerfile("python:3"), "db": Dockerfile("postgres:16")})
    assert found == {"web": "released", "db": "base", "cache": "base", "proxy": "released"}


def test_what_starts_work_by_the_clock_runs_alone() -> None:
    clocks = (
        "celery -A app beat -l info",
        ["celery", "-A", "app", "worker", "-B"],
        "crond -f",
        "php artisan schedule:work",
    )
    others = ("celery -A app worker", None, ["gunicorn", "cronies:app"])
    assert [runs_alone({"command": one}) for one in (*clocks, *others)] == [True] * 4 + [False] * 3


def test_the_teams_own_proxy_and_tools_are_left_out_unless_somebody_needs_them() -> None:
    model: dict[str, Any] = {
        "services": {
            "web": {"build": {"context": "."}, "depends_on": {"mail": {}}},
            "traefik": {"image": "traefik:v3"},
            "adminer": {"image": "adminer"},
            "mail": {"image": "axllent/mailpit"},
        }
    }
    found = roles_of(model, {})
    assert found == {
        "web": "released",
        "traefik": "left out",
        "adminer": "left out",
        "mail": "base",
    }


def test_folders_that_are_written_are_data_and_code_and_configuration_are_not() -> None:
    mounts = [
        {"type": "bind", "source": source, "target": "/code", **more}
        for source, more in (
            ("/shop/media", {}),
            ("/shop", {}),
            ("/shop/conf", {"read_only": True}),
            ("/shop/nginx.conf", {}),
            ("/shop/.env", {}),
            ("/srv/else", {}),
        )
    ]
    by_variable = {"type": "volume", "source": "${DATA}/export"}
    model: dict[str, Any] = {
        "services": {"web": {"build": {"context": "/shop/app"}, "volumes": [*mounts, by_variable]}}
    }
    found = mounts_of(model, ["web"], "/shop", (), ["web"])
    assert found.written == ("./media", "${DATA}/export")
    assert (found.read_only, found.developers) == (
        ("./nginx.conf", "./.env"),
        {"web": ("/code",)},
    )


def test_an_env_file_that_is_mounted_too_is_not_mounted() -> None:
    mount = {"type": "bind", "source": "/shop/.env", "target": "/app/.env"}
    told = {"volumes": [mount], "env_file": [{"path": "/shop/.env", "required": True}]}
    found = mounts_of({"services": {"web": told}}, ["web"], "/shop", (), ["web"])
    assert (found.read_only, found.written, found.developers) == ((), (), {"web": ("/app/.env",)})


def test_keys_of_a_database_are_those_by_which_the_application_reads_them() -> None:
    model: dict[str, Any] = {
        "services": {
            "web": {"environment": ["PGHOST=${PGHOST:-pg}"]},
            "db": {
                "container_name": "pg",
                "environment": {"POSTGRES_PASSWORD": "${SECRET_DB}", "POSTGRES_USER": "${U:-app}"},
            },
        }
    }
    [one] = databases_of(model, ["web"], {"web": "", "db": "postgis/postgis:16-3.4"})
    assert (one.engine, one.keys) == (
        "postgresql",
        {
            "host_key": "PGHOST",
            "user_key": "U",
            "password_key": "SECRET_DB",
            "database_key": "POSTGRES_DB",
        },
    )
    assert one.values == {"PGHOST": "db", "U": "app", "POSTGRES_DB": "app"}


@pytest.mark.parametrize(
    ("text", "word"),
    [("My_Shop.git", "my-shop"), ("2fast", "fast"), ("---", ""), ("a" * 40, "a" * 31)],
)
def test_a_name_is_made_of_what_there_is(text: str, word: str) -> None:
    assert word_of(text) == word


# --- a stack file beside the compose files ---


def test_an_applications_own_folder_is_one_stack(tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(SAMPLE)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "stack.yaml").write_text("of somebody else")
    found = every_stack(tmp_path)
    assert ([one.folder for one in found.good], found.faulty) == ([tmp_path], ())
    assert stamp_of(tmp_path)


def test_tidegates_state_is_not_a_containers_although_it_lies_in_the_stacks_folder(
    tmp_path: Path,
) -> None:
    paths = HostPaths(tmp_path, (tmp_path / ".tidegate", tmp_path))
    given = [
        paths.gives_away(str(tmp_path / name), read_only=True)
        for name in ("nginx.conf", ".tidegate/ledger.db", "")
    ]
    assert [one is None for one in given] == [True, False, False]


@pytest.mark.parametrize(
    ("image", "role"),
    [
        ("${REDIS_IMAGE:-redis:7-alpine}", "base"),
        ("ghcr.io/umami-software/umami:postgresql-v2.13.1", "released"),
        ("${UMAMI_IMAGE:-ghcr.io/umami-software/umami}:${TAG:-postgresql-v2}", "released"),
        ("${DB_IMAGE:-postgres:16}", "base"),
    ],
)
def test_an_image_is_known_by_its_name_also_as_a_variable_and_not_by_its_tag(
    image: str, role: str
) -> None:
    assert (
        roles_of({"services": {"one": {"image": image}, "app": {"image": "acme/app"}}}, {})["one"]
        == role
    )


def test_what_an_env_file_may_say_is_not_guessed() -> None:
    told = {"services": {"db": {"image": "postgres:16", "env_file": [{"path": ".env"}]}}}
    assert databases_of(told, [], {"db": "postgres"})[0].values == {}
    [alone] = databases_of({"services": {"db": {"image": "postgres:16"}}}, [], {"db": "postgres"})
    assert alone.values == {"POSTGRES_USER": "postgres", "POSTGRES_DB": "postgres"}


def test_a_dockerfiles_variables_mean_what_it_gives_them() -> None:
    text = (
        "ARG TAG=3.12\nFROM python:${TAG}\nARG APP_HOME=/app \\\n  UNKNOWN\nENV PORT=5000 NAME='a b'\n"
        "ENV FOLDER web\nWORKDIR ${APP_HOME}/$FOLDER\nEXPOSE $PORT\nEXPOSE ${UNKNOWN}\n"
        "HEALTHCHECK CMD curl localhost:${PORT:-1}/up\n"
    )
    said = Dockerfile("python:3.12", (5000,), "CMD curl localhost:5000/up", "/app/web")
    assert read_dockerfile(text) == said
