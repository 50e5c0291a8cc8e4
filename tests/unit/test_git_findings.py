"""What git has once seen of an env file stays in every clone: that is told, and by which keys."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.frame import adapters
from tasks.plan.checking import _of_history
from tasks.plan.env_examples import example_of
from tasks.plan.findings import Finding
from tidegate.errors import VersionError

SECRETS = {"DB_PASSWORD": "c4t-on-a-hot-roof", "API_TOKEN": "t0ken-of-the-team", "COLOUR": "blue"}
FILE = Path("/team/shop/.env")


def told(
    monkeypatch: pytest.MonkeyPatch, once: dict[str, str] | VersionError, *, kept: bool = False
) -> list[Finding]:
    def committed(folder: Path) -> dict[str, str]:
        if isinstance(once, VersionError):
            raise once
        return once

    monkeypatch.setattr(adapters, "is_in_git", lambda file: kept)
    monkeypatch.setattr(adapters, "env_files_once_committed", committed)
    env: Any = SimpleNamespace(
        stack=SimpleNamespace(name="shop", folder=FILE.parent),
        name="prod",
        values=SECRETS,
        config=SimpleNamespace(secrets={}),
    )
    return list(_of_history(env, FILE))


def test_a_secret_that_was_committed_once_is_told_with_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, both = told(
        monkeypatch,
        {
            ".env": "DB_PASSWORD=c4t-on-a-hot-roof\n",
            "old.env": "A=c4t-on-a-hot-roof\nB=t0ken-of-the-team\n",
            "new.env": "DB_PASSWORD=another-one-of-today\nCOLOUR=blue\n",
        },
    )
    assert one.came_back == ".env was committed once, with what DB_PASSWORD is today"
    assert "old.env was committed once, with what" in both.came_back
    assert both.came_back.endswith("are today")
    assert {"DB_PASSWORD", "API_TOKEN"} <= set(both.came_back.replace(",", "").split())
    assert {one.kind, both.kind} == {"risk"}


def test_an_env_file_that_git_keeps_is_told_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [kept] = told(monkeypatch, {".env": "DB_PASSWORD=c4t-on-a-hot-roof\n"}, kept=True)
    assert kept.came_back == "git keeps it, and whatever secrets are in it"
    assert "`git rm --cached .env`" in kept.to_do


def test_a_history_that_cannot_be_read_is_a_risk_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [unread] = told(monkeypatch, VersionError("reading git", "it is damaged", "Clone it again"))
    assert (unread.kind, unread.came_back, unread.to_do) == (
        "risk",
        "it is damaged",
        "Clone it again",
    )


@pytest.mark.parametrize(
    ("name", "is_tracked", "key"),
    [
        (".env", False, "OF_EXAMPLE"),
        (".env", True, "OF_ENV"),
        ("live.env", False, "OF_SAMPLE"),
        ("live.env", True, "OF_LIVE"),
        ("other.env", False, None),
    ],
)
def test_an_env_file_says_its_keys_itself_only_where_git_has_it(
    tmp_path: Path, name: str, is_tracked: bool, key: str | None
) -> None:
    files = {
        ".env": "OF_ENV",
        ".env.example": "OF_EXAMPLE",
        "live.env": "OF_LIVE",
        "live.env.sample": "OF_SAMPLE",
    }
    for file, said in files.items():
        (tmp_path / file).write_text(f"{said}=1\n")
    assert [*example_of(tmp_path, name, is_tracked=is_tracked)] == ([key] if key else [])
