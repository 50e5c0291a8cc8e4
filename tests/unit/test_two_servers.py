"""Two database servers in one compose file that are told theirs by the same keys, as their image
reads them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tidegate.proposal.databases import databases_of
from tidegate.stack.data import AnyDatabase, database_faults
from tidegate.stack.logins import logins_apart

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


SERVERS = {
    "users-db": ["USER", "PW", "NAME", "HOST", "URL"],
    "orders-db": ["USER", "PW", "NAME", "HOST", "URL"],
}


def apart(values: dict[str, str], **services: dict[str, Any]) -> dict[str, dict[str, str]]:
    model = {
        "services": {
            "users": {"environment": services.get("users", {})},
            "orders": {"environment": services.get("orders", {})},
            "users-db": {"environment": services.get("users_db", {})},
            "orders-db": {
                "environment": services.get("orders_db", {}),
                "container_name": "the-orders",
            },
        }
    }
    return logins_apart(model, SERVERS, ["HOST", "URL"], ["users", "orders"], values, str)


@pytest.mark.parametrize(
    "address",
    [
        "postgres://orders:pw@orders-db/orders",
        "postgresql+asyncpg://orders@orders-db:5432/orders?ssl=no",
        "jdbc:postgresql://orders-db:5432/orders",
        "postgres://orders:pw@the-orders",
        "postgres://u:ab/cd=@orders-db/orders",
        "postgres://u:p@ss@orders-db/orders",
        "postgres://u:p@orders-db,orders-replica/orders",
        "postgresql:///orders?host=orders-db",
        "postgres://u:p@ORDERS-DB/orders",
        "host=orders-db dbname=orders",
        "orders-db:5432",
    ],
)
def test_an_address_is_that_of_the_server_it_leads_to(address: str) -> None:
    users = "postgres://u:p@users-db/orders-db"
    assert apart({}, users={"URL": users}, orders={"URL": address}) == {
        "users-db": {"URL": users},
        "orders-db": {"URL": address},
    }


def test_a_server_is_entered_with_what_it_is_told_itself() -> None:
    told = apart(
        {"PW": "of the env file", "USER": "app", "NAME": "users"},
        users={"HOST": "users-db", "PW": "of users"},
        orders={"HOST": "orders-db"},
        users_db={"PW": "of users", "NAME": "users", "USER": "app"},
        orders_db={"PW": "of orders", "USER": "app"},
    )
    assert told == {
        "users-db": {"PW": "of users", "NAME": "users", "HOST": "users-db"},
        "orders-db": {"PW": "of orders", "NAME": "", "HOST": "orders-db"},
    }


def test_what_both_are_told_is_looked_for_in_the_env_file_first() -> None:
    """A password that was changed since the plan stands there."""
    assert apart({"PW": "new"}, users_db={"PW": "old"}, orders_db={"PW": "old"}) == {
        "users-db": {},
        "orders-db": {},
    }


def test_a_name_that_is_a_services_is_no_address() -> None:
    assert apart({"NAME": "users-db"}) == {"users-db": {}, "orders-db": {}}


def test_services_that_the_compose_files_lack_break_nothing() -> None:
    model: dict[str, Any] = {"services": {"users-db": {"environment": {"PW": "a"}}}}
    assert logins_apart(model, SERVERS, ["HOST"], ["users"], {}, str) == {
        "users-db": {"PW": "a"},
        "orders-db": {"PW": ""},
    }


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
