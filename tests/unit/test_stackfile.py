"""A stack file is refused whole, with the path of each fault (house rule 17)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tidegate.errors import StackFileError
from tidegate.stack.catalogue import find_stack
from tidegate.stack.file import Stack, load_stack
from tidegate.stack.schema_export import SCHEMA_FILE, schema_text

STACKS = Path(__file__).parents[2] / "stacks"

SAMPLE = """
name: cloudlens            # the word people type
title: CloudLens
aliases: [lens]
language: zh
time_zone: Asia/Tokyo
source: {repository: ../../examples/cloudlens}
services:
  - {name: backend, image: acme/cloudlens-backend, port: 8000, ready_path: /ready}
databases:
  - {engine: mysql, service: mysql, host_key: MYSQL_HOST, user_key: MYSQL_USER, password_key: MYSQL_PASSWORD,
     database_key: MYSQL_DATABASE}
migrations:
  - {tool: alembic, service: backend, database: main, directory: /app}
state: {databases: [main]}
smoke:
  - {name: version, path: /version, shows_version: true}
environments:
  prod:
    kind: production
    compose_files: [compose.yaml]
    env_file: prod.env
    domains: [cloudlens.localhost]
    image_alias: latest
"""
HISTORY = {"tool": "alembic", "service": "backend", "database": "main", "directory": "/app"}
DATABASE = {
    "engine": "mysql",
    "service": "mysql",
    "host_key": "MYSQL_HOST",
    "user_key": "MYSQL_USER",
    "password_key": "MYSQL_PASSWORD",
    "database_key": "MYSQL_DATABASE",
}
LOGIN = {"path": "/login", "username_key": "U", "password_key": "P", "token_field": "access_token"}
UNREAD = "nothing reads it, because only the first service is behind the edge where there are no `routes`: take it out"


def written(folder: Path, content: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    (folder / "stack.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def sample() -> Any:
    return yaml.safe_load(SAMPLE)


def faults(folder: Path, content: object) -> str:
    with pytest.raises(StackFileError) as error:
        load_stack(written(folder, content))
    return error.value.came_back


def test_a_commented_sample_loads_with_its_folder(tmp_path: Path) -> None:
    stack = load_stack(written(tmp_path / "cloudlens", SAMPLE))
    assert (stack.name, stack.folder) == ("cloudlens", tmp_path / "cloudlens")
    assert stack.environments["prod"].domains == ("cloudlens.localhost",)
    assert stack.watch.seconds == 900


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in STACKS.glob("*/stack.yaml")), ids=lambda p: p.name
)
def test_every_stack_of_this_repository_loads_under_the_name_of_its_folder(folder: Path) -> None:
    assert load_stack(folder).name == folder.name


def test_a_file_with_five_faults_names_all_five_paths(tmp_path: Path, sample: Any) -> None:
    sample["environments"]["prod"] |= {"domains": ["http://x"], "approval_hours": 0}
    sample["services"][0] |= {"port": 70000, "colour": "blue"}
    del sample["source"]["repository"]
    assert faults(tmp_path, sample).split("; ") == [
        "source.repository: is missing",
        "services[0].port: must be less than or equal to 65535 (got 70000)",
        "services[0].colour: unknown key",
        'environments.prod.domains[0]: must be a host name (got "http://x")',
        "environments.prod.approval_hours: must be greater than 0 (got 0)",
    ]


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        (
            "time_zone",
            "Asia/Atlantis",
            'time_zone: must be a time zone such as Asia/Tokyo (got "Asia/Atlantis")',
        ),
        (
            "time_zone",
            "/etc/passwd",
            'time_zone: must be a time zone such as Asia/Tokyo (got "/etc/passwd")',
        ),
        ("language", "de", "language: must be 'zh' or 'en' (got \"de\")"),
        ("folder", "/etc", "folder: unknown key"),
        ("colour", "blue", "colour: unknown key"),
        ("smoke", [], "smoke: must not be empty"),
        ("environments", {}, "environments: must not be empty"),
        (
            "migrations",
            [{key: value for key, value in HISTORY.items() if key != "tool"}],
            "migrations[0].tool: is missing",
        ),
        (
            "services",
            [{"name": "backend", "image": "acme/backend", "port": 8000}],
            "services[0]: backend is behind the edge and needs a ready_path, the path of a page that answers 200 only when the "
            "application can work (`/` where no page says more)",
        ),
        (
            "services",
            [{"name": "backend", "image": "acme/backend", "ready_path": "/"}],
            "services[0]: backend is behind the edge and needs a port, on which it listens in its container",
        ),
        *(
            (
                "services",
                [
                    {"name": "backend", "image": "acme/backend", "port": 80, "ready_path": "/"},
                    {"name": "worker", "image": "acme/backend"} | unread,
                ],
                f"services[1].{key}: {UNREAD}",
            )
            for key, unread in (("port", {"port": 9000}), ("ready_path", {"ready_path": "/"}))
        ),
        *(
            (
                "smoke",
                [
                    {
                        "name": "in",
                        "login": {name: value for name, value in LOGIN.items() if name != key},
                    }
                ],
                "smoke[0].login.path: is missing"
                if key == "path"
                else f"smoke[0].login: by json needs {key}",
            )
            for key in LOGIN
        ),
        *(
            (
                "databases",
                [{name: value for name, value in DATABASE.items() if name != key}],
                f"databases[0].{key}: is missing",
            )
            for key in ("user_key", "password_key")
        ),
        (
            "migrations",
            [HISTORY | {"service": "worker"}],
            "migrations: no released service 'worker'",
        ),
        ("migrations", [HISTORY | {"database": "other"}], "migrations: no database 'other'"),
        (
            "migrations",
            [{"tool": "alembic", "service": "backend", "directory": "/app"}],
            "migrations[0].database: is missing",
        ),
        (
            "migrations",
            [{"tool": "alembic", "service": "backend", "database": "main"}],
            "migrations[0].directory: is missing",
        ),
        (
            "migrations",
            [HISTORY, HISTORY | {"directory": "/other"}],
            "migrations: two of them are on the database 'main'",
        ),
        (
            "databases",
            [DATABASE, DATABASE | {"database_key": "OTHER"}],
            "databases: 'main' is there twice",
        ),
        (
            "databases",
            [DATABASE, DATABASE | {"name": "orders"}],
            "databases: two of 'mysql' say MYSQL_DATABASE; give each a database_key or a pattern of its own; "
            "state.databases: 'orders' is not saved",
        ),
        ("state", {"databases": []}, "state.databases: 'main' is not saved"),
        ("state", {"databases": ["main", "other"]}, "state.databases: no database 'other'"),
        (
            "databases",
            [DATABASE | {"service": "backend"}],
            "databases: 'backend' is released and cannot hold state",
        ),
    ],
)
def test_a_fault_is_named_by_its_path(
    tmp_path: Path, sample: Any, key: str, value: object, fault: str
) -> None:
    assert faults(tmp_path, sample | {key: value}) == fault


def test_a_service_that_nobody_reaches_through_the_edge_needs_no_port(
    tmp_path: Path, sample: Any
) -> None:
    sample["services"].append({"name": "worker", "image": "acme/cloudlens-backend"})
    assert load_stack(written(tmp_path, sample)).services[1].port is None


@pytest.mark.parametrize(
    ("text", "came_back"),
    [
        ("a: [", "it is not YAML"),
        ("", "stack.yaml: must be a mapping"),
        ("- a", "stack.yaml: must be"),
    ],
)
def test_what_is_no_stack_file_is_refused(tmp_path: Path, text: str, came_back: str) -> None:
    assert came_back in faults(tmp_path, text)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(StackFileError, match="there is no such file"):
        load_stack(tmp_path)


def test_a_stack_is_found_by_name_and_by_alias_and_otherwise_the_known_ones_are_listed(
    tmp_path: Path,
) -> None:
    written(tmp_path / "cloudlens", SAMPLE)
    assert find_stack(tmp_path, "cloudlens") == find_stack(tmp_path, "lens")
    with pytest.raises(StackFileError, match="known: cloudlens"):
        find_stack(tmp_path, "odoo")


def test_the_schema_in_docs_is_up_to_date() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), (
        "run: python -m tidegate.stack.schema_export"
    )


def test_every_key_in_the_schema_can_be_written_in_a_stack_file() -> None:
    assert set(Stack.model_json_schema()["properties"]) == set(Stack.model_fields) - {"folder"}


def test_a_severity_decides_who_is_told(tmp_path: Path, sample: Any) -> None:
    sample |= {"notify": ["chat"], "escalate": {"yellow": ["mail"], "red": ["phone", "mail"]}}
    stack = load_stack(written(tmp_path, sample))
    assert stack.notifiers_for("green") == ("chat",)
    assert stack.notifiers_for("yellow") == ("chat", "mail")
    assert stack.notifiers_for("red") == ("chat", "mail", "phone")


def test_a_faulty_stack_file_stops_its_own_stack_only(tmp_path: Path, sample: Any) -> None:
    written(tmp_path / "cloudlens", sample)
    written(tmp_path / "broken", {**sample, "colour": "red"})
    assert find_stack(tmp_path, "lens").name == "cloudlens"
    with pytest.raises(StackFileError, match="colour: unknown key"):
        find_stack(tmp_path, "broken")
    with pytest.raises(StackFileError, match="known: broken, which has faults, cloudlens"):
        find_stack(tmp_path, "nosuch")


def test_a_stack_whose_images_are_all_found_needs_no_repository(
    tmp_path: Path, sample: Any
) -> None:
    del sample["source"]
    sample["services"][0] |= {"image": "n8nio/n8n", "tag": "{version}"}
    stack = load_stack(written(tmp_path / "cloudlens", sample))
    assert stack.source is None
    assert [one.is_built for one in stack.services] == [False]


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        (None, "services[0].tag: there is no `source` to build from"),
        ("sha-{commit7}", "services[0].tag: there is no `source`, so nobody knows {commit7}"),
        ("9", "services: no tag has {version} in it, so a version would say nothing"),
    ],
)
def test_without_a_repository_the_tags_must_say_what_a_version_is(
    tmp_path: Path, sample: Any, tag: str | None, said: str
) -> None:
    del sample["source"]
    sample["services"][0] |= {"tag": tag} if tag else {}
    assert said in faults(tmp_path / "cloudlens", sample)
