"""Logins are read where the team wrote them, and a default password is accepted by its name
alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from tests.unit.plans import AT, a_plan
from tidegate.pages.stages import evidence_page, plan_page
from tidegate.plan.accepted import Accepted, accepted
from tidegate.stack.bind_mounts import Written
from tidegate.stack.envfile import check_env, default_passwords
from tidegate.stack.file import Allowed, Stack
from tidegate.stack.logins import logins_in, read_secret

SECRETS = {
    "pw": {"file": "/team/pw.txt"},
    "tok": {"environment": "TOKEN"},
    "far": {"external": True},
}
FILES = {"/team/pw.txt": "from the secret", "/team/mounted.txt": "from the mount"}


def found(*keys: str, values: Mapping[str, str] = {}, **services: dict[str, Any]) -> dict[str, str]:
    model = {"services": services, "secrets": SECRETS}
    return logins_in(model, ["web", "db"], keys, values, lambda path: FILES.get(str(path), ""))


def test_the_env_file_counts_before_the_compose_files() -> None:
    web = {"environment": {"DB_PASSWORD": "in compose", "DB_USER": "app"}}
    assert found(
        "DB_PASSWORD", "DB_USER", values={"DB_PASSWORD": "in env", "DB_USER": ""}, web=web
    ) == {"DB_USER": "app"}


def test_a_released_service_counts_before_the_database() -> None:
    db = {"environment": {"DB_USER": "owner", "MYSQL_ROOT_PASSWORD": "r"}}
    assert found(
        "DB_USER", "MYSQL_ROOT_PASSWORD", "DB_NAME", web={"environment": {"DB_USER": "app"}}, db=db
    ) == {"DB_USER": "app", "MYSQL_ROOT_PASSWORD": "r"}


@pytest.mark.parametrize(
    ("service", "password"),
    [
        (
            {
                "environment": {"PW_FILE": "/run/secrets/pw"},
                "secrets": [{"source": "pw", "target": "/run/secrets/pw"}],
            },
            "from the secret",
        ),
        (
            {"environment": {"PW_FILE": "/run/secrets/pw"}, "secrets": [{"source": "pw"}]},
            "from the secret",
        ),
        (
            {
                "environment": {"PW_FILE": "/run/secrets/x"},
                "secrets": [{"source": "pw", "target": "x"}],
            },
            "from the secret",
        ),
        (
            {"environment": {"PW_FILE": "/x"}, "secrets": [{"source": "tok", "target": "/x"}]},
            "from the env file",
        ),
        (
            {
                "environment": {"PW_FILE": "/x"},
                "volumes": [{"type": "bind", "source": "/team/mounted.txt", "target": "/x"}],
            },
            "from the mount",
        ),
        ({"environment": {"PW_FILE": "/run/secrets/pw"}}, None),
        ({"environment": {"PW_FILE": "/run/secrets/far"}, "secrets": [{"source": "far"}]}, None),
    ],
)
def test_a_key_with_file_at_its_end_names_a_file_inside_the_container(
    service: dict[str, Any], password: str | None
) -> None:
    assert found("PW", db=service, values={"TOKEN": "from the env file"}).get("PW") == password


def test_the_lines_end_that_an_editor_leaves_is_no_part_of_a_secret(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("s3cret with blanks \n")
    assert read_secret(tmp_path / "pw") == "s3cret with blanks "
    assert read_secret(tmp_path / "gone") == ""


# --- default passwords ---

WEAK = {"POSTGRES_PASSWORD": "postgres", "REDIS_PASSWORD": "guest", "APP_USER": "postgres"}


def test_a_default_password_is_accepted_under_its_own_key_alone() -> None:
    assert default_passwords(WEAK) == ["POSTGRES_PASSWORD", "REDIS_PASSWORD"]
    for kind in ("staging", "production"):
        assert check_env(WEAK, (), kind, accepted=("POSTGRES_PASSWORD",)) == [
            "REDIS_PASSWORD: holds a well-known default password"
        ]


def test_a_placeholder_is_accepted_under_no_key() -> None:
    assert check_env({"A_PASSWORD": "CHANGEME"}, (), "production", accepted=("A_PASSWORD",)) == [
        "A_PASSWORD: holds a placeholder"
    ]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (
            {"setting": "default-password", "service": "db"},
            "default-password needs a key, and no service",
        ),
        ({"setting": "default-password"}, "default-password needs a key, and no service"),
        ({"setting": "privileged", "key": "X"}, "privileged needs a service, and no key"),
        ({"setting": "default-password", "key": "X", "reason": "short"}, "at least 10 characters"),
    ],
)
def test_what_is_allowed_names_one_thing_and_why(said: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Allowed.model_validate({"reason": "it is so in the data", **said})


def test_what_a_team_takes_upon_itself_is_shown_while_it_is_so() -> None:
    stack = cast(
        Stack,
        SimpleNamespace(
            accepted_passwords={
                "POSTGRES_PASSWORD": "it is so in the data",
                "OLD_PASSWORD": "it was so once, in the data",
            },
            databases=[
                SimpleNamespace(name="main", saved_elsewhere="by the cloud, each night"),
                SimpleNamespace(name="jobs", saved_elsewhere=None),
            ],
        ),
    )
    named = (
        Written("./media", "/srv/media"),
        Written("./tmp", "/srv/tmp", "made anew when it is gone"),
    )
    assert accepted(stack, named, ["POSTGRES_PASSWORD", "OTHER"]) == (
        Accepted("elsewhere", "main", "by the cloud, each night"),
        Accepted("scratch", "./tmp", "made anew when it is gone"),
        Accepted("password", "POSTGRES_PASSWORD", "it is so in the data"),
    )


@pytest.mark.parametrize(
    ("language", "heading", "meaning"),
    [
        ("en", "⚠ Taken upon itself by the team", "It is not saved, and may be lost"),
        ("zh", "⚠ 由团队自行承担", "不备份，可能丢失"),
    ],
)
def test_it_stands_with_its_reason_on_the_plan_and_on_the_approval_page(
    language: str, heading: str, meaning: str
) -> None:
    plan = replace(a_plan(), accepted=(Accepted("scratch", "./tmp", "made anew when it is gone"),))
    evidence = evidence_page(
        plan, language, now=AT, expires=AT, time_zone="UTC", backup=None, requested_by="mei"
    )
    for page in (plan_page(plan, language), evidence):
        assert heading in page
        assert f"| `./tmp` | {meaning} | made anew when it is gone |" in page
    assert heading not in plan_page(a_plan(), language)
