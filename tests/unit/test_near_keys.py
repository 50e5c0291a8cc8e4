"""An unknown key of stack.yaml is told with the one that was probably meant at that place."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from pytest_mock import MockerFixture

from tidegate.errors import StackFileError
from tidegate.stack.faults import faults_in
from tidegate.stack.file import Stack, load_stack
from tidegate.stack.near_keys import near_key

SCHEMA = Stack.model_json_schema()


@pytest.mark.parametrize(
    ("location", "near"),
    [
        (("smoek",), "smoke"),
        (("services", 0, "start_budget_second"), "start_budget_seconds"),
        (("watch", "p95_second"), "p95_seconds"),
        (("environments", "prod", "compose_file"), "compose_files"),
        (("environments", "prod", "kept_ports", 0, "servce"), "service"),
        (("databases", 0, "mysql", "pasword_key"), "password_key"),
        (("migrations", 0, "alembic", "databse"), "database"),
        (("smoke", 0, "login", "tokenfield"), "token_field"),
        (("databases", 1, "redis", "client_image"), None),
        (("ready_path",), None),
        (("colour",), None),
        (("services", 0, "colour"), None),
        (("nowhere", 3, "colour"), None),
    ],
)
def test_it_is_one_that_may_stand_there(location: tuple[int | str, ...], near: str | None) -> None:
    assert near_key(SCHEMA, location) == near


def test_the_fault_says_it() -> None:
    found = {"type": "extra_forbidden", "loc": ("watch", "second"), "msg": "", "input": 3}
    assert faults_in([found], SCHEMA) == ["watch.second: unknown key (did you mean seconds?)"]  # type: ignore[list-item]


def test_a_key_that_must_be_there_and_is_misspelt_is_one_fault() -> None:
    given = {"name": "shop", "titel": "Shop", "services": [{"nam": "web", "image": "acme/web"}]}
    with pytest.raises(ValidationError) as raised:
        Stack.model_validate(given)
    found = faults_in(raised.value.errors(), SCHEMA)
    assert [one for one in found if "tit" in one or "nam" in one] == [
        "services[0].nam: unknown key (did you mean name?)",
        "titel: unknown key (did you mean title?)",
    ]


def test_one_that_is_missing_beside_an_unknown_key_is_told_too() -> None:
    given = {"name": "shop", "colour": "red"}
    with pytest.raises(ValidationError) as raised:
        Stack.model_validate(given)
    found = faults_in(raised.value.errors(), SCHEMA)
    assert {"colour: unknown key", "title: is missing"} <= {*found}


def test_the_schema_for_that_is_made_once_however_often_a_file_is_read(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    made = mocker.spy(Stack, "model_json_schema")
    (tmp_path / "stack.yaml").write_text("{name: shop, titel: Shop}")
    for _ in range(2):
        with pytest.raises(StackFileError, match="did you mean title"):
            load_stack(tmp_path)
    assert made.call_count <= 1
