"""Issue 8, entry 8: a secret's value stays where it belongs, under whatever key it stands and in
whatever form it is printed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from blocks.messengers.apprise_notifier import AppriseNotifier
from blocks.messengers.webhook import SlackWebhook
from setup.places import ROOT
from tasks.frame.adapters import load
from tests.attacks.printed_forms import FORMS, escapes_of
from tidegate.errors import TidegateError
from tidegate.secrecy import redaction
from tidegate.secrecy.known_names import known_names
from tidegate.secrecy.plain_values import is_plain
from tidegate.secrecy.redaction import Redactor
from tidegate.stack.envfile import read_env
from tidegate.stack.file import load_stack

SECRET = 'p@ss/w0rd?C"ü$9'
FEW = 4
"""Characters of a secret that may be left over."""


@pytest.mark.parametrize(
    "key",
    [
        "WEBHOOK_URL",
        "AUTH",
        "GITHUB_PAT",
        "CONNECTION_STRING",
        "SALT",
        "JWT_SIGNING",
        "LICENSE",
        "SMTP_LOGIN",
        "X",
    ],
)
def test_a_value_is_secret_whatever_its_key_is_called(key: str) -> None:
    assert Redactor({key: SECRET}).redact(f"refused {SECRET} there") == "refused *** there"


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("jdbc:mysql://db:3306/shop?user=app&password=s3cr3t-jdbc", "s3cr3t-jdbc"),
        (
            "jdbc:sqlserver://db;databaseName=shop;Password=s3cr3t-mssql;encrypt=true",
            "s3cr3t-mssql",
        ),
        ("host=db port=5432 dbname=shop password='s3cr3t dsn'", "s3cr3t dsn"),
        ("Server=db;Pwd=s3cr3t-odbc;", "s3cr3t-odbc"),
        (
            "https://ghp_16C7e42F292c6912E7710c@git.example.com/acme/shop.git",
            "ghp_16C7e42F292c6912E7710c",
        ),
        ("HTTPS://oauth2:glpat-7a8b9c0d@git.example.com/acme/shop.git", "glpat-7a8b9c0d"),
        ("https://git.example.com/acme/shop.git?private_token=glpat-7a8b9c0d", "glpat-7a8b9c0d"),
        ("https://app.example.com/#access_token=glpat-7a8b9c0d", "glpat-7a8b9c0d"),
        ("amqp://worker:a/b+c=1@queue:5672//", "a/b+c=1"),
    ],
)
def test_a_credential_inside_a_value_is_secret_by_itself(value: str, secret: str) -> None:
    shown = Redactor({"ADDRESS": value}).redact(f"no access with {secret!s}: refused")
    assert shown == "no access with ***: refused"
    assert secret not in Redactor({"ADDRESS": value}).redact(f"cannot open {value} now")


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("k3y-of-mei-77aa, k3y-of-josh-88bb", "k3y-of-josh-88bb"),
        ("mei:s3cr3t-basic", "s3cr3t-basic"),
        (
            json.dumps({"type": "service_account", "keys": [{"private_key": "s3cr3t-of-a-robot"}]}),
            "s3cr3t-of-a-robot",
        ),
    ],
)
def test_what_stands_in_a_list_a_pair_or_a_document_is_secret_by_itself(
    value: str, secret: str
) -> None:
    assert Redactor({"X": value}).redact(f"no access with {secret}") == "no access with ***"


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_a_secret_is_hidden_in_every_usual_form(form: Callable[[str], str]) -> None:
    shown = Redactor({"ANY": SECRET}).redact(f"before {form(SECRET)} after")
    assert shown.startswith("before ***")
    assert len(shown) <= len("before *** after") + FEW


PRINTABLE = st.characters(min_codepoint=33, max_codepoint=0x2FFFF, exclude_categories=["C", "Z"])
SECRETS = st.text(PRINTABLE, min_size=8, max_size=60)
AROUND = st.text(max_size=60)


def longest_piece(secret: str, text: str) -> int:
    """How many characters of `secret` stand in a row in `text`."""
    return max(
        (
            size
            for size in range(1, len(secret) + 1)
            for start in range(len(secret) - size + 1)
            if secret[start : start + size] in text
        ),
        default=0,
    )


@given(SECRETS, st.data(), AROUND, AROUND)
def test_of_any_secret_in_any_escapes_a_few_characters_remain_at_most(
    secret: str, data: st.DataObject, before: str, after: str
) -> None:
    assume("*" not in secret and longest_piece(secret, before + after) <= FEW)
    written = "".join(data.draw(st.sampled_from(escapes_of(one))) for one in secret)
    shown = Redactor({"ANY": secret}, secret_keys=["ANY"]).redact(f"{before} {written} {after}")
    assert longest_piece(secret, shown) <= FEW
    assert len(shown) <= len(before) + len(after) + len(" *** ") + FEW * 10


@pytest.mark.parametrize(
    "value",
    [
        "",
        "on",
        "true",
        "False",
        "8080",
        "0.5",
        "30s",
        "256MB",
        "WARNING",
        "production",
        "v1.2.0",
        "10.0.0.7:3306",
        "mysql:8.0",
        "python:3.12-slim",
        "acme/mysql:mariadb-10.11",
        "Asia/Tokyo",
        "zh_CN.UTF-8",
        "https://shop.example.com",
        "https://shop.example.com/api/v1",
        "/data/uploads",
        "mysql-prod",
        "mysql-prod:3306",
        "shop.localhost,www.shop.localhost",
    ],
)
def test_what_is_plainly_no_secret_stays_readable(value: str) -> None:
    names = ["mysql-prod", "shop.localhost", "www.shop.localhost"]
    assert is_plain("SETTING", value, names)
    assert Redactor({"SETTING": value}, names=names).redact(f"is {value} now") == f"is {value} now"


def test_what_compose_itself_sets_is_hidden_as_what_the_env_file_says() -> None:
    model = {
        "services": {
            "db": {
                "environment": {
                    "POSTGRES_PASSWORD": SECRET,
                    "TZ": "Asia/Tokyo",
                    "EMPTY": None,
                    "N": 7,
                }
            },
            "cache": {"image": "redis:7"},
        }
    }
    redactor = Redactor({}, names=["shop"])
    redactor.learn_model(model)
    assert redactor.redact(f"{SECRET} in Asia/Tokyo") == "*** in Asia/Tokyo"


def test_a_stack_s_own_names_are_no_secrets() -> None:
    stack = load_stack(ROOT / "stacks" / "cloudlens")
    prod, values = (
        stack.environments["prod"],
        read_env(ROOT / "stacks" / "cloudlens" / ".env.production.example"),
    )
    files = [(stack.folder / file).read_text(encoding="utf-8") for file in prod.compose_files]
    names = known_names(stack, prod, values, files)
    assert {key for key, value in values.items() if not is_plain(key, value, names)} == {
        "APP_PASSWORD",
        "MYSQL_PASSWORD",
        "MYSQL_ROOT_PASSWORD",
    }


def test_a_password_that_is_a_name_everybody_reads_is_hidden_where_a_password_stands() -> None:
    redactor = Redactor(
        {"MYSQL_PASSWORD": "shop", "ADDRESS": "mysql://shop:shop@db/shop"}, names=["shop"]
    )
    assert redactor.redact("/srv/shop/data of shop-prod-1") == "/srv/shop/data of shop-prod-1"
    assert (
        redactor.redact("mysql://shop:shop@other/shop?password=shop")
        == "mysql://shop:***@other/shop?password=***"
    )


def test_a_short_word_is_hidden_only_where_it_stands_alone() -> None:
    assert (
        Redactor({"DB_PASSWORD": "lark"}).redact("lark: skylark, larkspur")
        == "***: skylark, larkspur"
    )


def test_a_secret_that_lost_its_edges_is_hidden_too() -> None:
    secret = "gH7-kLm2-pQ9-xYz4-aBc1-dEf5"
    for cut in range(4):
        assert (
            Redactor({"ANY": secret}).redact(f"said {secret[cut : len(secret) - 3]}... more")
            == "said ***... more"
        )


HOSTILE = (
    "\\",
    "\\u",
    "%",
    "%e4",
    "%25",
    "&a",
    "://a:",
    "token=",
    '"a',
    "$",
    "\x1b[0",
    " ",
    "sekret-0001-abcde",
    "password",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_text_made_to_be_slow_is_read_to_its_end(piece: str) -> None:
    """100 kB take 0.1 s of processor time. Were it quadratic it would be minutes: this is a bound
    against hanging."""
    redactor = Redactor({f"K{number}": f"sekret-{number:04}-abcdef" for number in range(20)})
    started = time.process_time()
    redactor.redact(piece * (100_000 // len(piece)))
    assert time.process_time() - started < 20


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Redactor:
    """What this process knows, empty for one test."""
    known = Redactor()
    monkeypatch.setattr(redaction, "_PROCESS", known)
    return known


def test_what_a_block_holds_is_known_as_soon_as_it_is_loaded(
    process: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in (
        SlackWebhook(url=SecretStr("https://hooks.example.com/services/T0/B0/s3cr3t")),
        AppriseNotifier(
            urls=SecretStr("mailto://me:hunter22-mail@example.com\njson://example.com/x")
        ),
    ):
        monkeypatch.setattr(
            type(block), "load", classmethod(lambda cls, name, loaded=block: loaded)
        )
        load(type(block), "team")
    assert (
        redaction.redact("POST https://hooks.example.com/services/T0/B0/s3cr3t by hunter22-mail")
        == "POST *** by ***"
    )


def test_an_error_of_ours_holds_no_secret_that_this_process_knows(process: Redactor) -> None:
    redaction.remember(Redactor({"ANY": SECRET}))
    assert SECRET not in str(
        TidegateError("logging in", f"the server said {SECRET!r} is wrong", "Correct it")
    )


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://staging.shop2.example.com:8080/a", "http://staging.shop2.example.com:8080/a"),
        (
            "https://ghp_16C7e42F292c6912E7710c:x-oauth-basic@example.com/a",
            "https://***:***@example.com/a",
        ),
        ("https://ghp_16C7e42F292c6912E7710c@example.com/a", "https://***@example.com/a"),
    ],
)
def test_a_long_host_name_with_a_port_is_no_token(address: str, shown: str) -> None:
    assert Redactor({}).redact(address) == shown
