"""Passwords that everybody tries first, in a compose file: found by name, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.stack.weak_settings import A_NAME, PLACEHOLDER, weak_settings


def found(
    service: dict[str, Any],
    *,
    left_out: tuple[str, ...] = (),
    told: tuple[str, ...] = (),
    accepted: tuple[str, ...] = (),
) -> list[str]:
    model = {"services": {"db": service}}
    return [f"{one.path} {one.key}" for one in weak_settings(model, left_out, told, accepted)]


@pytest.mark.parametrize(
    ("environment", "keys"),
    [
        ({"POSTGRES_PASSWORD": "postgres"}, ["POSTGRES_PASSWORD"]),
        ({"ADMIN_PASSWORD": "ChangeMe"}, ["ADMIN_PASSWORD"]),
        ({"DATABASE_URL": "postgres://shop:postgres@db/shop"}, ["DATABASE_URL"]),
        ({"AMQP": "amqp://guest:guest@mq", "API_KEY": "secret"}, ["AMQP", "API_KEY"]),
        ({"POSTGRES_USER": "postgres", "POSTGRES_DB": "postgres"}, []),
        ({"POSTGRES_PASSWORD": "c4t-on-a-hot-roof"}, []),
        ({"POSTGRES_PASSWORD": None, "MYSQL_PASSWORD": ""}, []),
        ({"SMTP_PASSWORD": 123456}, ["SMTP_PASSWORD"]),
    ],
)
def test_a_default_password_is_found_by_its_key(
    environment: dict[str, Any], keys: list[str]
) -> None:
    assert found({"environment": environment}) == [
        f"services.db.environment.{key} {key}" for key in keys
    ]


@pytest.mark.parametrize(
    ("environment", "image", "fault"),
    [
        ({"MYSQL_USER": "wordpress", "MYSQL_PASSWORD": "wordpress"}, "mysql:8", A_NAME),
        ({"POSTGRES_DB": "gitea", "POSTGRES_PASSWORD": "Gitea"}, "postgres", A_NAME),
        ({"PGRST_DB_PASS": "db"}, "acme/api@sha256:0", A_NAME),
        ({"ADMIN_PASSWORD": "grafana"}, "grafana/grafana:11", A_NAME),
        ({"SECRET_KEY": "change-me-please"}, "acme/api", PLACEHOLDER),
        ({"SECRET_KEY": "change_me_in_production"}, "acme/api", PLACEHOLDER),
        ({"SECRET_KEY": "changeling-9"}, "acme/api", None),
        ({"API_TOKEN": "<your token>"}, "acme/api", PLACEHOLDER),
        ({"API_TOKEN": "your_token_here"}, "acme/api", PLACEHOLDER),
        ({"API_TOKEN": "xxxxxxxx"}, "acme/api", PLACEHOLDER),
        ({"API_TOKEN": "yourself-9-cats"}, "acme/api", None),
        ({"API_TOKEN": "xxxy-7d1674adbd"}, "acme/api", None),
        ({"GREETING": "change me", "TITLE": "db"}, "acme/api", None),
        ({"DB_NAME": "4711", "DB_PASSWORD": "4711-c4t-roof"}, "acme/api", None),
        ({"API_TOKEN": "insert-password-here"}, "acme/api", PLACEHOLDER),
        ({"API_TOKEN": "please-change-me"}, "acme/api", PLACEHOLDER),
        ({"API_TOKEN": "placeholderless9k2"}, "acme/api", None),
        ({"REDIS_KEY_PREFIX": "db", "AUTH_TYPE": "api", "KEY_ID": "db"}, "acme/api", None),
        ({"SESSION_COOKIE": "db", "GIT_TOKEN_USER": "api", "CACHE_KEY": "db"}, "acme/api", None),
        ({"SMTP_PASS": "db"}, "acme/api", A_NAME),
    ],
)
def test_a_name_and_what_is_to_be_replaced_are_no_passwords(
    environment: dict[str, Any], image: str, fault: str | None
) -> None:
    model = {"services": {"db": {"image": image, "environment": environment}}}
    assert [one.fault for one in weak_settings(model, (), (), ())] == [fault] * bool(fault)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (["redis-server", "--requirepass", "changeme"], ["--requirepass"]),
        (["redis-server --requirepass 'changeme' --port 1"], ["--requirepass"]),
        ("server --admin-password=admin", ["--admin-password"]),
        (["server", "--admin-password=c4t-on-a-roof"], []),
        (["server", "--requirepass"], []),
        (["server", "admin", "--port", "1"], []),
        (None, []),
    ],
)
def test_a_default_password_in_a_command_is_found_by_its_option(
    command: object, options: list[str]
) -> None:
    assert found({"command": command}) == [f"services.db.command {one}" for one in options]


WEAK = {"environment": {"POSTGRES_PASSWORD": "postgres"}}


def test_nothing_is_said_twice_nor_of_what_is_not_started() -> None:
    assert found(WEAK)
    assert found(WEAK, told=("POSTGRES_PASSWORD",)) == []
    assert found(WEAK, accepted=("postgres",)) == []
    assert found(WEAK, left_out=("db",)) == []
