"""A version that nobody has accepted is shown values of the right shape, and none that is true."""

from __future__ import annotations

import json
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidegate.stack.stand_ins import NOWHERE, stand_in, stand_ins

CANARY = "canary31337"


@pytest.mark.parametrize(
    "plain",
    [
        "true",
        "False",
        "on",
        "0",
        "8000",
        "0.25",
        "-1",
        "INFO",
        "production",
        "utf8mb4",
        "postgresql+psycopg2",
        "",
    ],
)
def test_what_plainly_says_nothing_stays(plain: str) -> None:
    assert stand_in(plain, is_secret=False) == plain


@pytest.mark.parametrize("value", ["4711", "true", "production", "mysql"])
def test_nothing_stays_under_the_key_of_a_secret(value: str) -> None:
    assert stand_ins({"DOOR_PASSWORD": value}, ())["DOOR_PASSWORD"] != value
    assert stand_ins({"DOOR": value}, ("DOOR",))["DOOR"] != value


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "mysql+pymysql://app:pw@db:3307/shop?charset=utf8mb4&key=pw",
            "mysql+pymysql://stand-in:stand-in@stand-in.invalid:3307/stand-in?charset=utf8mb4&key=stand-in",
        ),
        ("postgresql://db/shop", "postgresql://stand-in.invalid/stand-in"),
        ("postgres://token@db", "postgres://stand-in@stand-in.invalid"),
        (
            "jdbc:mysql://db:3306/shop?password=pw",
            "jdbc:mysql://stand-in.invalid:3306/stand-in?password=stand-in",
        ),
        ("https://db/hook?aWordOnly&x=y", "https://stand-in.invalid/stand-in?stand-in&x=stand-in"),
        ("sqlite:///srv/shop.db", "sqlite:///stand-in"),
        ("redis://:pw@[::1]:6379/0", "redis://stand-in:stand-in@stand-in.invalid:6379/stand-in"),
    ],
)
def test_a_url_keeps_its_scheme_and_leads_nowhere(url: str, shown: str) -> None:
    assert stand_in(url, is_secret=False) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("db.internal:3306", f"{NOWHERE}:3306"),
        ("mei@example.com", f"stand-in@{NOWHERE}"),
        ("/srv/keys/a.pem", "/stand-in"),
        ("host=db user=app password=pw", "host=stand-in user=stand-in password=stand-in"),
        ("Server=db;User Id=sa;Pwd=pw;", "Server=stand-in;User Id=stand-in;Pwd=stand-in;"),
        ("123456789", "111111111"),
        ("c0ffee00c0ffee00", "0000000000000000"),
        ("hunter2", "stand-in"),
        ("123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_a_value_keeps_its_shape(value: str, shown: str) -> None:
    assert stand_in(value, is_secret=False) == shown


def test_a_key_in_base64_is_one_of_the_same_length() -> None:
    key = urlsafe_b64encode(bytes(range(32))).decode()
    assert len(urlsafe_b64decode(stand_in(key, is_secret=True))) == 32


def test_a_list_in_json_stays_one() -> None:
    shown = json.loads(
        stand_in(
            json.dumps({"hosts": [f"https://{CANARY}/x"], "debug": True, "n": 73313}),
            is_secret=False,
        )
    )
    assert shown == {"hosts": [f"https://{NOWHERE}/stand-in"], "debug": True, "n": 1}


def test_a_url_s_query_can_still_be_read() -> None:
    assert set(parse_qs(urlsplit(stand_in("https://a/b?x=1&y=z", is_secret=False)).query)) == {
        "x",
        "y",
    }


_around = st.text(string.printable, max_size=30)


@given(_around, _around)
@example("mysql://", "@db/x")
@example("a,", ",b")
@example("0= ", "")
@example("A=b; C= ", " d;")
@example('["', '"]')
@example("host=", " port=1")
@example("-----BEGIN KEY-----\n", "\n-----END KEY-----")
@example("https://a/?", "=1")
@example("https://", ":80")
@example('{"', '": 1}')
def test_no_part_of_a_secret_is_left(before: str, after: str) -> None:
    assert CANARY not in stand_in(f"{before}{CANARY}{after}", is_secret=False)
