"""The password of a database stands in a file that compose gives to it: who logs in reads the file
as it is now, and where it is gone, the one that was kept with the release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.release import release
from tasks.frame.environments import open_environment, open_sealed
from tests.flows.asking import asked
from tests.flows.conftest import Library
from tests.flows.installation import ENV, Installation
from tests.flows.stories import Story
from tests.world.compose import MemoryCompose
from tidegate.facts import ComposeModel

PASSWORD = "a-password-that-stands-in-a-file"


@pytest.fixture
def made(library: Library, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A release of it."""
    read = MemoryCompose.read

    def given(self: MemoryCompose, *asked: Any) -> ComposeModel:
        model = read(self, *asked)
        model["services"]["db"].update(
            environment={"DB_PASSWORD_FILE": "/run/secrets/login"}, secrets=[{"source": "login"}]
        )
        return {**model, "secrets": {"login": {"file": str(secret(library.made))}}}

    def prepare(made: Installation) -> None:
        secret(made).write_text(f"{PASSWORD}\n")
        env = made.home.parent / "stacks" / "shop" / ".env"
        lines = ENV.format("shop-prod").splitlines()
        env.write_text("\n".join(one for one in lines if "PASSWORD" not in one))
        made.prefect.start(release, **asked("v1.0.0"))

    monkeypatch.setattr(MemoryCompose, "read", given)
    return library.begin(Story("a login in a file", release, {}, before=(), prepare=prepare))


def secret(made: Installation) -> Path:
    return made.home.parent / "stacks" / "shop" / "login.txt"


def as_released(made: Installation) -> str:
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    env = open_sealed(now)
    return env.logins(env.stack.databases[0])["DB_PASSWORD"]


def test_the_file_says_it(made: Installation) -> None:
    env = open_environment("shop", "prod")
    assert env.logins(env.stack.databases[0])["DB_PASSWORD"] == PASSWORD


def test_a_password_that_was_changed_since_is_the_valid_one(made: Installation) -> None:
    secret(made).write_text("another-password-of-the-team\n")
    assert as_released(made) == "another-password-of-the-team"


def test_where_the_file_is_gone_the_one_that_was_kept_says_it(made: Installation) -> None:
    secret(made).unlink()
    assert as_released(made) == PASSWORD
