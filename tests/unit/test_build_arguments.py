"""What the stack file says as build arguments: filled from the env file, without any secret, since
whoever has the image can read them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan.builds import declared_arguments
from tidegate.errors import ConfigError

VALUES = {"PYTHON": "3.12", "NPM_TOKEN": "t0ken-of-the-team", "FLAVOUR": "https://a:b-c-d@x.test"}


def filled(said: dict[str, str] | None) -> dict[str, str]:
    source = None if said is None else SimpleNamespace(build_args=said)
    env: Any = SimpleNamespace(
        stack=SimpleNamespace(name="shop", source=source),
        config=SimpleNamespace(secrets={"LICENCE": "a-block"}, env_file=".env"),
        values={**VALUES, "LICENCE": "of-the-team"},
    )
    return declared_arguments(env)


def test_values_of_the_env_file_are_put_in() -> None:
    assert filled({"BASE": "python:${PYTHON}", "PRICE": "5$$", "PLAIN": "as it is"}) == {
        "BASE": "python:3.12",
        "PRICE": "5$",
        "PLAIN": "as it is",
    }
    assert filled(None) == {}


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("A", "${NPM_TOKEN}", "NPM_TOKEN"),
        ("A", "${LICENCE}", "LICENCE"),
        ("A", "${PYTHON} ${FLAVOUR}", "FLAVOUR"),
        ("A", "https://mei:hunter2-hunter2@x.test", "A"),
        ("API_KEY", "3.12", "API_KEY"),
        ("API_KEY", "${NPM_TOKEN}${LICENCE}", "NPM_TOKEN, LICENCE"),
    ],
)
def test_a_secret_is_refused_by_the_name_of_its_key(name: str, text: str, secret: str) -> None:
    with pytest.raises(ConfigError) as refused:
        filled({"FINE": "1", name: text})
    said = str(refused.value)
    assert f"reading source.build_args.{name} of shop: {secret} is a secret" in said
    assert "t0ken-of-the-team" not in said


def test_keys_without_a_value_are_named() -> None:
    with pytest.raises(ConfigError, match=r"no value for NODE, RUST\. Set it in \.env"):
        filled({"A": "${NODE} ${PYTHON} ${RUST}"})


def test_a_dollar_that_begins_no_name_is_told_how_to_write_it() -> None:
    with pytest.raises(ConfigError, match=r"Write `\$` itself as `\$\$`"):
        filled({"A": "5$"})
