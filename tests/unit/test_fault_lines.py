"""A fault is shown with the line of the file that says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.secrecy.leaks import leaked
from tidegate.stack.dockerfile_risks import dockerfile_risks
from tidegate.stack.lines import lines_of, parts_of, place_of_fault

COMPOSE = """\
services:
  web:
    build: .
    ports:
      - "80:80"
      - !override "81:81"
  db: &db {image: postgres}
  other: *db
"""


@pytest.fixture
def compose(tmp_path: Path) -> Path:
    file = tmp_path / "compose.yaml"
    file.write_text(COMPOSE)
    return file


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("services.web.ports[1]: is wrong", 6),
        ("services.web.healthcheck.test: is missing", 2),
        ("services.db.image: must have a tag", 7),
        ("services.web.build [build-privileges]: x", 3),
        ("validating a: services.web additional properties not allowed", 2),
        ("it is not YAML: line 4: mapping values", 4),
        ("nothing of the kind", None),
        ("source.branch: unknown", None),
    ],
)
def test_it_stands_where_its_path_is_or_where_it_is_missing(
    compose: Path, fault: str, line: int | None
) -> None:
    found = place_of_fault(fault, [compose])
    assert (found.line if found else None) == line


@pytest.mark.parametrize(
    "said", ["[infra/db.yaml]", "[{path: infra/db.yaml}]", "[{path: [infra/db.yaml]}]"]
)
def test_what_an_included_file_says_stands_there(tmp_path: Path, said: str) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "db.yaml").write_text("services:\n  db:\n    image: postgres\n")
    file = tmp_path / "compose.yaml"
    file.write_text(f"include: {said}\nservices:\n  web: {{image: web}}\n")
    found = [place_of_fault(f"services.{name}.image: x", [file]) for name in ("db", "web")]
    assert [(one.file.name, one.line) for one in found if one] == [
        ("db.yaml", 3),
        ("compose.yaml", 3),
    ]


def test_the_last_file_that_says_it_counts(compose: Path, tmp_path: Path) -> None:
    over = tmp_path / "compose.prod.yaml"
    over.write_text("\n\nservices: {web: {build: .}}\n")
    found = (
        place_of_fault("services.web.build: x", [compose, over]),
        place_of_fault("services.db.image: x", [compose, over]),
    )
    assert [(one.file.name, one.line) for one in found if one] == [
        ("compose.prod.yaml", 3),
        ("compose.yaml", 7),
    ]


def test_several_faults_of_one_text_are_told_apart() -> None:
    text = "services[0].port: is missing; source.x: y; take it out; environments.a.domains[1]: bad"
    assert parts_of(text) == [
        "services[0].port: is missing",
        "source.x: y; take it out",
        "environments.a.domains[1]: bad",
    ]


def test_a_key_of_an_env_file_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / ".env.prod"
    file.write_text("# a\nA=1\n\nB='x\ny'\nC=3\n")
    assert lines_of(file) == {"A": 2, "B": 4, "C": 6}


@pytest.mark.parametrize("text", ["a: [", "a: &x [*x]", "a: " + "[" * 2000, "\0"])
def test_no_file_makes_its_reader_fail(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    assert isinstance(lines_of(file), dict)


def test_a_file_of_many_aliases_is_read_within_bounds(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "a0: &a0 [x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    )
    assert len(lines_of(file)) <= 20_001


# --- secrets where others see them ---


def test_a_secret_that_git_has_is_named_as_long_as_it_is_in_use() -> None:
    old = {
        ".env (a1)": "DB_PASSWORD=harder-than-you\nDEBUG=true\nURL=postgres://a:in-a-url@db/a\n",
        ".env (b2)": "X=1\n",
    }
    values = {
        "DB_PASSWORD": "harder-than-you",
        "DEBUG": "true",
        "DATABASE": "postgres://b:in-a-url@elsewhere/b",
    }
    assert leaked(values, (), old) == {".env (a1)": ["DATABASE", "DB_PASSWORD"]}
    assert leaked({**values, "DB_PASSWORD": "another-one-now", "DATABASE": ""}, (), old) == {}


def risks(text: str) -> list[int]:
    return [one.line for one in dockerfile_risks(text)]


@pytest.mark.parametrize(
    "line",
    [
        "ENV DB_PASSWORD=hunter22",
        "ARG API_TOKEN='x1y2z3w4'",
        "ENV A=b SECRET_KEY=9f8e7d6c5b4a",
        "ENV DB_PASSWORD secret-of-mine",
    ],
)
def test_what_somebody_should_know_of_a_dockerfile_is_said(line: str) -> None:
    assert risks(f"FROM python\n{line}\n") == [2]
    assert all("hunter22" not in one.text + one.to_do for one in dockerfile_risks(line))


@pytest.mark.parametrize(
    "line",
    [
        "FROM python:latest",
        "USER root",
        "ENV PUBLIC_KEY_FILE=/etc/key.pem",
        "ARG DB_PASSWORD",
        "ENV DB_PASSWORD=$DB_PASSWORD",
        "ENV PIN_LENGTH=4",
    ],
)
def test_nobody_is_alarmed_by_what_is_usual(line: str) -> None:
    assert risks(line) == []
