"""Two database servers in one compose file that are told theirs by the same keys, as their image
reads them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tasks.plan.missing_logins import refuse_missing_logins
from tidegate.errors import ConfigError
from tidegate.proposal.databases import databases_of
from tidegate.stack.data import AnyDatabase, Database, database_faults
from tidegate.stack.logins import own_logins

KEYS = {
    "user_key": "POSTGRES_USER",
    "password_key": "POSTGRES_PASSWORD",
    "database_key": "POSTGRES_DB",
}


def database(name: str, **said: str) -> AnyDatabase:
    whole = {"name": name, "engine": "postgresql", **KEYS, **said}
    return TypeAdapter[AnyDatabase](AnyDatabase).validate_python(whole)


def test_two_servers_are_told_apart_by_their_services() -> None:
    two = [database("users", service="users-db"), database("orders", service="orders-db")]
    assert [*database_faults(two, ["users", "orders"], [])] == []


@pytest.mark.parametrize("host", [{}, {"host_key": "ORDERS_HOST"}])
def test_two_databases_of_one_server_need_keys_of_their_own(host: dict[str, str]) -> None:
    two = [database("users", service="db"), database("orders", service="db", **host)]
    [fault] = database_faults(two, ["users", "orders"], [])
    assert fault.startswith("databases: two of 'db' say POSTGRES_DB; give each")


def test_one_of_a_service_and_one_elsewhere_need_keys_of_their_own() -> None:
    two = [
        database("old", service="db", host_key="DB_HOST"),
        database("new", client_image="postgres:16", host_key="DB_HOST"),
    ]
    [fault] = database_faults(two, ["old", "new"], [])
    assert fault.startswith("databases: two of them have the keys DB_HOST, POSTGRES_DB, so nobody")


def test_a_database_elsewhere_needs_the_key_of_its_address() -> None:
    with pytest.raises(ValidationError, match="client_image needs a host_key"):
        database("main", client_image="postgres:16")


LOGIN = {"user_key": "USER", "password_key": "PW", "database_key": "NAME"}
KEYS_OF_BOTH = ["USER", "PW", "NAME", "HOST", "URL"]
USERS_URL = "postgres://u:p@users-db/orders-db"


def own(values: dict[str, str] | None = None, **services: dict[str, Any]) -> dict[str, str]:
    """What the keys mean for orders-db."""
    model = {
        "services": {
            "users": {"environment": services.get("users", {})},
            "orders": {"environment": services.get("orders", {})},
            "orders-db": {
                "environment": services.get("orders_db", {}),
                "container_name": "the-orders",
            },
        }
    }
    spec = database("orders", service="orders-db", host_key="HOST", url_key="URL", **LOGIN)
    assert isinstance(spec, Database)
    return own_logins(model, spec, KEYS_OF_BOTH, ["users", "orders"], values or {}, str)


@pytest.mark.parametrize(
    "address",
    [
        "postgres://orders:pw@orders-db/orders",
        "postgresql+asyncpg://orders@orders-db:5432/orders?ssl=no",
        "jdbc:postgresql://orders-db:5432/orders?password=p@a",
        "postgres://orders:pw@the-orders",
        "postgres://u:ab/cd=@orders-db/orders",
        "postgres://u:p@ss@orders-db/orders",
        "postgres://u:p@orders-db,orders-replica/orders",
        "postgresql:///orders?host=orders-db",
        "postgres://u:p@ORDERS-DB/orders",
        "host=orders-db dbname=orders",
    ],
)
def test_an_address_is_that_of_the_server_it_leads_to(address: str) -> None:
    assert own(users={"URL": USERS_URL}, orders={"URL": address})["URL"] == address


@pytest.mark.parametrize(
    "address", ["postgres://u:p@bouncer/orders", "u:p@tcp(orders-db:3306)/x", "Host=other;", ""]
)
def test_an_address_of_which_nobody_knows_where_it_leads_is_none(address: str) -> None:
    told = {"URL": USERS_URL}
    assert own(told, users=told, orders={"URL": address}, orders_db=told)["URL"] == ""


def test_a_server_is_entered_with_what_it_is_told_itself_and_called_by_its_name() -> None:
    assert own(
        {"PW": "of the env file", "USER": "app", "NAME": "users", "HOST": "users-db"},
        users={"HOST": "users-db", "PW": "of users"},
        orders={"USER": "of orders"},
        orders_db={"PW": "of orders", "HOST": "users-db"},
    ) == {"PW": "of orders", "USER": "", "NAME": "", "HOST": "orders-db", "URL": ""}


def test_a_service_that_the_compose_files_lack_is_told_nothing() -> None:
    spec = database("orders", service="orders-db")
    assert isinstance(spec, Database)
    assert own_logins({"services": {}}, spec, {"POSTGRES_DB"}, ["web"], {}, str) == {
        "POSTGRES_DB": ""
    }


@pytest.mark.parametrize(
    ("mine", "other", "is_alike"),
    [
        ({}, {}, True),
        ({"host_key": "H"}, {}, True),
        ({"host_key": "H"}, {"host_key": "H"}, True),
        ({"host_key": "H"}, {"host_key": "I"}, False),
        ({}, {"database_key": "OTHER"}, False),
        ({}, {"port_key": "P"}, False),
    ],
)
def test_servers_are_told_alike_where_no_key_says_which_is_meant(
    mine: dict[str, str], other: dict[str, str], is_alike: bool
) -> None:
    first = database("a", service="a-db", **mine)
    assert isinstance(first, Database)
    assert first.is_told_like(database("b", service="b-db", **other)) is is_alike


def test_a_key_that_says_nothing_of_its_server_is_refused_by_name() -> None:
    env: Any = SimpleNamespace(
        name="prod",
        stack=SimpleNamespace(name="shop", databases=[database("orders", service="orders-db")]),
        config=SimpleNamespace(env_file=".env.prod", secrets={"POSTGRES_USER": "block"}),
        model=lambda: {
            "services": {"orders-db": {"environment": {"POSTGRES_PASSWORD_FILE": "/p"}}}
        },
        logins=lambda spec: {"POSTGRES_USER": "", "POSTGRES_PASSWORD": "", "POSTGRES_DB": "orders"},
        own_keys=lambda spec: {*KEYS.values()},
    )
    with pytest.raises(ConfigError) as refused:
        refuse_missing_logins(env)
    assert refused.value.came_back == (
        "databases[0].user_key: another database has POSTGRES_USER too, and nothing says what it is "
        "for orders-db: name a key of its own"
    )


def test_of_two_servers_each_has_the_address_that_leads_to_it() -> None:
    model = {
        "services": {
            "orders": {"environment": {"ORDERS_URL": "postgres://a:b@orders-db/orders"}},
            "users": {"environment": ["DATABASE_URL=postgres://a:b@users-db/users"]},
            "orders-db": {"environment": {"POSTGRES_USER": "a", "POSTGRES_DB": "orders"}},
            "users-db": {"environment": {"POSTGRES_USER": "a", "POSTGRES_DB": "users"}},
        }
    }
    found = databases_of(
        model, ["orders", "users"], dict.fromkeys(model["services"], "postgres:16")
    )
    assert [(one.service, one.url_key) for one in found] == [
        ("orders-db", "ORDERS_URL"),
        ("users-db", "DATABASE_URL"),
    ]
    assert not [one for one in found if "host_key" in one.keys]
