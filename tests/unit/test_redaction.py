"""P36: a secret's value appears nowhere, in whatever form a library prints it."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.secrecy.plain_values import looks_secret
from tidegate.secrecy.redaction import Redactor

SECRET = 'p@ss $wo"rd/ü'


@pytest.mark.parametrize(
    "key",
    [
        "MYSQL_PASSWORD",
        "PGPASSWORD",
        "JWT_SECRET",
        "GITHUB_TOKEN",
        "OCR_SERVICE_KEY",
        "API_KEY",
        "APIKEY",
        "SENTRY_DSN",
        "db_password",
        "AWS_SECRET_ACCESS_KEY",
        "ADMIN_PWD",
        "DB_PASS",
        "redis.auth",
        "mail-pwd",
        "spring.datasource.key",
    ],
)
def test_a_key_s_name_says_that_its_value_is_secret(key: str) -> None:
    assert looks_secret(key)


@pytest.mark.parametrize(
    "key",
    ["MYSQL_HOST", "KEYCLOAK_URL", "MONKEY", "COMPASS", "LOG_LEVEL", "PASSENGERS", "a.key.path"],
)
def test_an_ordinary_key_is_not_secret(key: str) -> None:
    assert not looks_secret(key)


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        repr(SECRET)[1:-1],
        SECRET.replace("$", "$$"),
    ],
)
def test_a_secret_is_replaced_in_every_form_it_takes(form: str) -> None:
    assert (
        Redactor({"DB_PASSWORD": SECRET}).redact(f"login with {form} refused")
        == "login with *** refused"
    )


@pytest.mark.parametrize("before", ["", "a", "ab", "admin:"])
@pytest.mark.parametrize("after", ["", "z", "zz"])
def test_a_secret_inside_a_text_in_base64_is_replaced(before: str, after: str) -> None:
    secret = "correct-horse?battery>staple"
    for encode in (b64encode, urlsafe_b64encode):
        encoded = encode(f"{before}{secret}{after}".encode()).decode()
        shown = Redactor({"DB_PASSWORD": secret}).redact(encoded)
        assert "***" in shown
        assert len(shown.replace("***", "")) <= len(b64encode(f"{before}{after}".encode())) + 4


def test_a_password_inside_a_url_is_replaced_under_any_key() -> None:
    redactor = Redactor({"DATABASE": "mysql://app:s3cr%40t@db:3306/x"})
    assert redactor.redact("s3cr%40t s3cr@t mysql://app@db") == "*** *** mysql://app@db"


def test_the_longest_secret_is_replaced_first_so_that_no_tail_of_it_stays() -> None:
    assert Redactor({"A_TOKEN": "abcd", "B_TOKEN": "abcdefgh"}).redact("abcdefgh abcd") == "*** ***"


def test_explicitly_named_keys_are_secret_and_others_are_not() -> None:
    redactor = Redactor(
        {"HOST": "db.internal", "PINNED": "hunter22"}, secret_keys=["PINNED"], names=["db.internal"]
    )
    assert redactor.redact("hunter22 on db.internal") == "*** on db.internal"


def test_a_name_that_a_secret_begins_with_is_read_all_the_same() -> None:
    redactor = Redactor({"DB": "postgres12"}, names=["postgres"])
    assert redactor.redact("services.postgres.environment.POSTGRES_USER") == (
        "services.postgres.environment.POSTGRES_USER"
    )
    assert redactor.redact("a postgres12, or postgres1") == "a ***, or ***"


def test_a_secret_stays_hidden_that_is_a_name_too_as_is_learnt_later() -> None:
    redactor = Redactor({"DB_PASSWORD": "backoffice"}, secret_keys=["DB_PASSWORD"])
    redactor.learn({}, names=["backoffice"])
    assert redactor.redact("login backoffice refused") == "login *** refused"


def test_each_line_of_a_key_file_is_replaced_since_logs_come_in_lines() -> None:
    redactor = Redactor({"TLS_KEY": "-----BEGIN-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n"})
    assert redactor.redact("12:00 MIIEvQIBADANBgkq") == "12:00 ***"


@pytest.mark.parametrize("word", ["password", "Secret", "TOKEN", "Postgres"])
def test_a_word_that_names_secrets_does_not_blacken_the_texts_about_them(word: str) -> None:
    values = {"DB_PASSWORD": word, "DB_URL": f"postgres://shop:{word}@db/shop"}
    said = "POSTGRES_PASSWORD: holds a well-known default password; SECRET_TOKEN is missing"
    redactor = Redactor(values)
    assert redactor.redact(said) == said
    assert word not in redactor.redact(f"at pg://shop:{word}@db/shop")


def test_values_too_short_to_be_secret_do_not_blacken_the_text() -> None:
    assert (
        Redactor({"TOKEN": "a", "KEY": "", "PASSWORD": "abc"}).redact("a banana abc")
        == "a banana abc"
    )


SECRETS = st.text(min_size=8).filter(lambda text: len(text.strip()) > 7)


@given(
    st.dictionaries(st.sampled_from(["A_SECRET", "B_TOKEN"]), SECRETS, min_size=1),
    st.text(),
    st.text(),
)
@example(
    {"A_SECRET": "0000000\\"}, "", "0"
)  # a short number, were it not for a backslash that reads as nothing
def test_no_secret_survives_wherever_it_stands(
    values: dict[str, str], before: str, after: str
) -> None:
    redacted = Redactor(values).redact(before + "".join(values.values()) + after)
    assert not any(secret in redacted for secret in values.values() if "*" not in secret)


def test_a_redactor_shows_nothing_of_what_it_hides() -> None:
    assert "hunter22" not in repr(Redactor({"TOKEN": "hunter22"}))
