"""An application that reads one address of its database is given one that leads to a copy."""

from __future__ import annotations

import re
from typing import Any

import pytest

from blocks.databases.addresses import leading_to
from blocks.databases.engines import login_keys, open_database
from blocks.databases.scratch import environment_of_copy, environment_of_server
from tidegate.errors import ConfigError
from tidegate.stack.data import Database

SPEC = Database(
    engine="postgresql",
    service="db",
    host_key="POSTGRES_HOST",
    user_key="POSTGRES_USER",
    password_key="POSTGRES_PASSWORD",
    database_key="POSTGRES_DB",
    url_key="DATABASE_URL",
)
VALUES = {
    "POSTGRES_HOST": "seisei-erp-db",
    "POSTGRES_USER": "biznexus",
    "POSTGRES_PASSWORD": "kept-by-the-team",
    "POSTGRES_DB": "biznexus_db",
    "DATABASE_URL": "postgresql://biznexus:kept-by-the-team@seisei-erp-db:6543/biznexus_db?schema=public&sslmode=require",
}


def to_copy(address: str) -> str:
    return leading_to(
        address,
        "DATABASE_URL",
        user="shop",
        password="p@ss/word",
        host="db",
        port="5432",
        database="shop",
    )


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("postgres://a:b@real/x", "postgres://shop:p%40ss%2Fword@db:5432/shop"),
        ("postgresql+asyncpg://real:6543", "postgresql+asyncpg://shop:p%40ss%2Fword@db:5432/shop"),
        (
            "jdbc:postgresql://real/x?user=a&password=b&currentSchema=s",
            "jdbc:postgresql://db:5432/shop?currentSchema=s&user=shop&password=p%40ss%2Fword",
        ),
        (
            "mysql://a@real/x?sslaccept=strict&connection_limit=5",
            "mysql://shop:p%40ss%2Fword@db:5432/shop?connection_limit=5",
        ),
        ("postgresql:///x?host=/var/run", "postgresql://shop:p%40ss%2Fword@db:5432/shop"),
    ],
)
def test_scheme_and_options_stay_and_neither_place_nor_login_nor_tls(
    address: str, there: str
) -> None:
    assert to_copy(address) == there


def test_what_is_no_address_is_refused_by_its_key_without_its_value() -> None:
    with pytest.raises(ConfigError) as refused:
        to_copy("Server=real;Password=secret")
    assert "DATABASE_URL" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_copy_has_an_address_of_its_own_beside_the_other_keys() -> None:
    made = environment_of_copy(SPEC, VALUES)
    assert made["DATABASE_URL"] == (
        f"postgresql://biznexus:{made['POSTGRES_PASSWORD']}@{made['POSTGRES_HOST']}:5432/biznexus_db"
        "?schema=public"
    )
    assert VALUES["POSTGRES_PASSWORD"] not in made["DATABASE_URL"]


@pytest.mark.parametrize("tenant", ["sakura", "O'Hara & Söhne", "UPPER_lower"])
def test_the_copy_of_a_tenant_elsewhere_is_found_by_the_name_of_a_host(tenant: str) -> None:
    """Its own name in the stack has a colon and what the customer typed."""
    tenants = Database(
        name="tenants",
        engine="postgresql",
        client_image="postgres:16",
        host_key="HOST",
        user_key="USER",
        password_key="PASSWORD",
        pattern="*",
    ).found(tenant)
    values = {"HOST": "managed", "USER": "odoo", "PASSWORD": "x", tenants.key_of_name: tenant}
    made = environment_of_copy(tenants, values)
    assert re.fullmatch(r"[a-z0-9-]{1,63}", made["HOST"])
    assert made[tenants.key_of_name] == tenant


def test_an_application_that_is_root_is_root_of_its_copy() -> None:
    """The official images refuse to make a user of that name."""
    spec = Database(
        engine="mysql",
        service="db",
        host_key="DB_HOST",
        user_key="MYSQL_USER",
        password_key="DB_PASSWORD",
        database_key="DB_NAME",
    )
    values = {"DB_HOST": "db", "MYSQL_USER": "root", "DB_PASSWORD": "x", "DB_NAME": "shop"}
    made = environment_of_copy(spec, values)
    assert (made["MYSQL_USER"], made["DB_PASSWORD"]) == ("root", made["MYSQL_ROOT_PASSWORD"])
    assert not {"MYSQL_USER", "MYSQL_PASSWORD"} & environment_of_server(made).keys()
    assert "MYSQL_USER" in environment_of_server(
        environment_of_copy(spec, {**values, "MYSQL_USER": "a"})
    )


def test_an_application_that_demands_tls_finds_its_copy_without() -> None:
    """By libpq's own key, which is no part of an address."""
    assert environment_of_copy(SPEC, {**VALUES, "PGSSLMODE": "require"})["PGSSLMODE"] == "disable"


def test_an_address_that_nobody_gives_is_missed_before_a_migration_needs_it() -> None:
    values = {key: value for key, value in VALUES.items() if key != "DATABASE_URL"}
    nobody: Any = None
    with pytest.raises(ConfigError, match="have DATABASE_URL"):
        open_database(nobody, SPEC, "shop-prod-db-1", values)
    assert open_database(nobody, SPEC, "shop-prod-db-1", VALUES)


def test_the_address_is_one_of_the_logins_and_asked_of_the_compose_files_too() -> None:
    assert login_keys(SPEC) == VALUES.keys()
    assert "DATABASE_URL" not in login_keys(SPEC.model_copy(update={"url_key": None}))
