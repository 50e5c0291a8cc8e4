"""Which env keys `tidegate init` takes for a database's login, which values it makes up, and which
it leaves to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.proposal.databases import databases_of
from tidegate.proposal.env_values import EnvFile, env_file_of, keys_without_value, plain_examples
from tidegate.proposal.own_logins import own_logins
from tidegate.stack.env_text import entries
from tidegate.stack.variables import missing_in

MARIADB: dict[str, Any] = {
    "image": "mariadb:11",
    "environment": {
        "MARIADB_DATABASE": "shop",
        "MARIADB_USER": "shop",
        "MARIADB_PASSWORD_FILE": "/run/secrets/pw",
        "MARIADB_ROOT_PASSWORD_FILE": "/run/secrets/root",
    },
    "secrets": [{"source": "pw"}, {"source": "root"}],
}
SECRETS = {"pw": {"environment": "SHOP_PW"}, "root": {"file": "./root.txt"}}


def of(**services: Any) -> dict[str, Any]:
    return {"services": services, "secrets": SECRETS}


@pytest.mark.parametrize("brand", ["MARIADB", "MYSQL"])
def test_a_password_in_a_file_is_known_by_the_key_of_the_file(brand: str) -> None:
    said = {key.replace("MARIADB", brand): value for key, value in MARIADB["environment"].items()}
    model = of(web={}, db=MARIADB | {"environment": said})
    [found] = databases_of(model, ["web"], {"db": "mariadb"})
    assert found.keys["password_key"] == f"{brand}_PASSWORD"


@pytest.mark.parametrize(
    "address",
    [
        "postgres://app:${DB_PASSWORD:?set DB_PASSWORD}@db/app",
        "postgres://app:${DB_PASSWORD:?mail it@acme}@db:${PORT:-5432}/app",
        "postgres://${U}:$DB_PASSWORD@db/app",
    ],
)
def test_an_address_is_known_whatever_its_variables_say(address: str) -> None:
    web = {"environment": {"DATABASE_URL": address}}
    db = {"environment": {"POSTGRES_PASSWORD": "${DB_PASSWORD:?set DB_PASSWORD}"}}
    [found] = databases_of(of(web=web, db=db), ["web"], {"db": "postgres"})
    assert found.url_key == "DATABASE_URL"


def made_up(model: dict[str, Any], keepers: list[str], example: Mapping[str, str] = {}) -> set[str]:
    logins = own_logins(model, keepers)
    found = env_file_of(model, example, (), lambda: "made-up", example, logins)
    return {*found.made_up}


@pytest.mark.parametrize("key", ["PW", "PGPASS", "WP_PW", "DB_PASSWORD"])
def test_the_password_of_a_database_is_made_up_whatever_its_variable_is_called(key: str) -> None:
    db = {"environment": [f"POSTGRES_PASSWORD=${{{key}:?say it}}"]}
    assert made_up(of(db=db), ["db"]) == {key}
    assert made_up(of(db=db), ["db"], {key: "hunter2"}) == {key}


def test_what_third_parties_are_told_is_never_made_up() -> None:
    vpn = {"environment": {"WIREGUARD_PRIVATE_KEY": "${WG_KEY:?}", "VPN_PASSWORD": "${VPN_PW:?}"}}
    db = {"environment": {"POSTGRES_PASSWORD": "${PW}", "AWS_SECRET_ACCESS_KEY": "${AWS_SECRET}"}}
    cache = {"command": ["redis-server", "--requirepass", "${CACHE_PASSWORD}"]}
    model = of(vpn=vpn, db=db, cache=cache)
    found = env_file_of(model, {}, (), str, {}, own_logins(model, ["db", "cache"]))
    assert {*found.made_up} == {"PW", "CACHE_PASSWORD"}
    assert found.missing == ("AWS_SECRET", "VPN_PW", "WG_KEY")


def test_the_example_of_strapi_is_no_value() -> None:
    example = {"JWT_SECRET": "tobemodified", "ADMIN_JWT_SECRET": "tobemodified"}
    keys = [*example, "APP_KEYS"]
    known = plain_examples({**example, "APP_KEYS": "toBeModified1,toBeModified2"})
    found = env_file_of(of(), known, keys, lambda: "made-up", example)
    assert (found.made_up, found.missing) == (("JWT_SECRET", "ADMIN_JWT_SECRET"), ("APP_KEYS",))


def test_the_key_of_an_application_that_the_example_leaves_empty_is_made_up_or_missing() -> None:
    staging = env_file_of(of(), {"APP_KEY": ""}, ["APP_KEY"], lambda: "made-up")
    production = env_file_of(of(), {"APP_KEY": ""}, ["APP_KEY"], None)
    assert (staging.values, production.missing) == ({"APP_KEY": "made-up"}, ("APP_KEY",))
    assert staging.required == production.required == ("APP_KEY",)


def test_keys_without_a_value_and_those_of_secrets_are_the_env_files() -> None:
    web = {"environment": ["TOTP_VAULT_KEY", "MODE=fast"]}
    model = of(web=web, db=MARIADB)
    assert keys_without_value(model, ["web", "db"]) == ["TOTP_VAULT_KEY", "SHOP_PW"]
    assert own_logins(model, ["db"]) == {"SHOP_PW"}


def test_what_compose_has_by_itself_is_asked_of_nobody() -> None:
    web = {
        "container_name": "${COMPOSE_PROJECT_NAME}-web",
        "volumes": ["${PWD}/a:/a", "$HOME/.aws:/aws"],
        "environment": {"MODE": "${MODE}"},
    }
    model = of(web=web)
    assert env_file_of(model, {}, (), None).keys == ("MODE",)
    assert missing_in(model, {}) == {"MODE"}


def test_what_is_required_and_empty_is_missing() -> None:
    texts = {"a": "${A:?why}", "b": "${B?why}", "c": "${C}", "d": "${D:-${E:?}}"}
    assert missing_in(texts, dict.fromkeys("ABCDE", "")) == {"A", "E"}


@given(st.text("ab'\"\\$#{} \n", max_size=12))
def test_a_value_is_written_so_that_it_is_read_again(value: str) -> None:
    text = EnvFile(("A", "B"), {"A": value, "B": "b"}, (), ()).text()
    found = [*entries(text, {})]
    assert [(one.key, one.value, one.fault) for one in found] == [("A", value, ""), ("B", "b", "")]
