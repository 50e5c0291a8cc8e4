"""Two database servers in one compose file that are told theirs by the same keys, as their image
reads them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tidegate.proposal.databases import databases_of
from tidegate.stack.data import AnyDatabase, database_faults
from tidegate.stack.logins import logins_of_server

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


def test_two_databases_of_one_server_need_keys_of_their_own() -> None:
    two = [database("users", service="db"), database("orders", service="db")]
    [fault] = database_faults(two, ["users", "orders"], [])
    assert fault.startswith("databases: two of them have the keys POSTGRES_DB and the service db,")


def test_a_database_elsewhere_needs_the_key_of_its_address() -> None:
    with pytest.raises(ValidationError, match="client_image needs a host_key"):
        database("main", client_image="postgres:16")


@pytest.mark.parametrize(
    "address",
    [
        "postgres://orders:pw@orders-db/orders",
        "postgresql+asyncpg://orders@orders-db:5432/orders?ssl=no",
        "jdbc:postgresql://orders-db:5432/orders",
        "postgres://orders:pw@the-orders",
    ],
)
def test_each_is_entered_with_what_it_is_told_itself(address: str) -> None:
    services: dict[str, Any] = {
        "web": {"environment": {"PW": "of web", "URL": "postgres://u:p@users-db/orders-db"}},
        "api": {"environment": {"URL": address}},
        "users-db": {"environment": {"PW": "of users", "NAME": "users"}},
        "orders-db": {
            "environment": {"PW": "of orders", "NAME": ""},
            "container_name": "the-orders",
        },
    }
    assert logins_of_server(
        {"services": services},
        "orders-db",
        ["web", "api"],
        ["PW", "NAME", "URL"],
        {"PW": "of the env file"},
        str,
    ) == {"PW": "of orders", "URL": address}


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
