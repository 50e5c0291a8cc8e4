"""Passwords that everybody tries first, in a compose file: found by name, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from tidegate.stack.weak_settings import weak_settings


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
