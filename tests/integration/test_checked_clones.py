"""What `tidegate check` says of the application's own repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tasks.plan.checking import look_over
from tasks.plan.findings import Finding
from tests.integration.checked_stacks import change
from tests.integration.newcomers import PARCELS, WEB_AND_DB, Newcomer, begun, cloned
from tidegate.settings import Settings
from tidegate.stack.file import load_stack


def looked(clone: Path) -> list[Finding]:
    return look_over(Settings(stacks=clone, home=clone / ".tidegate"))[1]


def test_each_fault_stands_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    begun(clone)
    monkeypatch.chdir(clone)
    compose = (clone / "compose.yaml").read_text()
    (clone / "compose.yaml").write_text(
        compose.replace("build: .\n", "build: .\n    privileged: true\n    pid: host\n")
    )
    assert [(one.file, one.line) for one in looked(clone)] == [
        ("compose.yaml", 5),
        ("compose.yaml", 6),
    ]
    (clone / "stack.yaml").write_text(
        (clone / "stack.yaml").read_text().replace("port: 8000", "port: 0")
    )
    assert [(one.file, one.line) for one in looked(clone)] == [("stack.yaml", 5)]


def test_a_secret_in_the_history_of_git_is_a_risk_until_it_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    monkeypatch.chdir(clone)
    (clone / ".env.staging").write_text(
        "DB_PASSWORD=not-to-be-seen-7\nSECRET_KEY=also-not-to-be-seen\n"
    )
    git = ("git", "-C", str(clone), "-c", "user.name=Mei", "-c", "user.email=mei@example.com")
    for words in (
        ("add", "-f", ".env.staging"),
        ("commit", "-qm", "Oops"),
        ("rm", "-q", "--cached", ".env.staging"),
        ("commit", "-qm", "Gone"),
    ):
        subprocess.run([*git, *words], check=True, timeout=30)
    begun(clone)
    [found] = looked(clone)
    assert (found.kind, found.came_back) == (
        "risk",
        f"{found.file} was committed once, with what DB_PASSWORD, SECRET_KEY are today",
    )
    (clone / ".env.staging").write_text(
        "DB_PASSWORD=a-new-one-of-today\nSECRET_KEY=and-another-new-one\n"
    )
    assert looked(clone) == []


def test_a_secret_in_a_dockerfile_is_a_risk_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    begun(clone)
    monkeypatch.chdir(clone)
    (clone / "Dockerfile").write_text("FROM python:latest\nENV API_TOKEN=a1b2c3d4e5\nUSER root\n")
    [found] = looked(clone)
    assert (found.kind, found.file, found.line) == ("risk", "Dockerfile", 2)
    assert "a1b2c3d4e5" not in found.came_back


def faults_of(clone: Path) -> list[str]:
    """Of Dockerfiles; each has its line."""
    found = [one for one in looked(clone) if "Dockerfile" in one.doing]
    assert all(one.kind == "fault" and one.line for one in found)
    return [one.came_back for one in found]


def test_a_dockerfile_that_no_commit_has_is_a_fault(tmp_path: Path) -> None:
    begun(clone := cloned(WEB_AND_DB, tmp_path))
    assert looked(clone) == []
    git = ("git", "-C", str(clone))
    subprocess.run([*git, "rm", "-q", "--cached", "Dockerfile"], check=True, timeout=30)
    assert faults_of(clone) == ["services.web.build: Dockerfile is not in git"]
    (clone / "Dockerfile").unlink()
    assert faults_of(clone) == ["services.web.build: Dockerfile is not there"]
    elsewhere = "build: {context: ., dockerfile: ops/web.Dockerfile}"
    change(clone / "compose.yaml", ("build: .", elsewhere))
    assert faults_of(clone) == ["services.web.build: ops/web.Dockerfile is not there"]
    (clone / "ops" / "web.Dockerfile").mkdir(parents=True)
    assert faults_of(clone) == ["services.web.build: ops/web.Dockerfile is a folder"]
    change(clone / "stack.yaml", (str(tmp_path / "origin"), "https://example.com/acme/web"))
    assert looked(clone) == []  # what that one has, nobody knows here


@pytest.mark.parametrize("steps", [(), ("init",), ("init", "add")])
def test_where_nothing_is_committed_nothing_can_be_released(
    tmp_path: Path, steps: tuple[str, ...]
) -> None:
    """As with `tidegate init` in a folder that is in no git yet, or in a new one."""
    clone = cloned(WEB_AND_DB, tmp_path)
    shutil.rmtree(clone / ".git")
    git = ("git", "-C", str(clone))
    for step in steps:
        subprocess.run([*git, step, *(["."] if step == "add" else [])], check=True, timeout=30)
    written = begun(clone)
    assert written["needs_commit"]
    [found] = [one for one in looked(clone) if one.kind == "fault"]
    assert (found.doing, found.came_back) == (
        "looking for a commit of my-shop",
        "there is none yet",
    )
    commit = ("-c", "user.name=Mei", "-c", "user.email=mei@example.com", "commit", "-qm", "Begin")
    for words in (("init", "-q"), ("add", "."), commit):
        subprocess.run([*git, *words], check=True, timeout=30)
    assert looked(clone) == []


def test_a_link_to_a_dockerfile_counts_with_what_it_leads_to(tmp_path: Path) -> None:
    begun(clone := cloned(WEB_AND_DB, tmp_path))
    git = ("git", "-C", str(clone))
    (clone / "ops").mkdir()
    (clone / "Dockerfile").rename(clone / "ops" / "Dockerfile")
    (clone / "Dockerfile").symlink_to("ops/Dockerfile")
    subprocess.run([*git, "add", "Dockerfile"], check=True, timeout=30)
    assert faults_of(clone) == ["services.web.build: Dockerfile is not in git"]
    subprocess.run([*git, "add", "-A"], check=True, timeout=30)
    assert faults_of(clone) == []
    (clone / "ops" / "Dockerfile").unlink()
    assert faults_of(clone) == ["services.web.build: Dockerfile is a link to nothing"]


def test_a_dockerfile_of_a_submodule_is_a_fault(tmp_path: Path) -> None:
    """A release fetches none."""
    begun(clone := cloned(WEB_AND_DB, tmp_path))
    web = tmp_path / "web"
    git = ("git", "-c", "user.name=Mei", "-c", "user.email=mei@example.com")
    adding = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(web), "web")
    for words in (
        ("init", "-q", str(web)),
        ("-C", str(web), "commit", "-q", "--allow-empty", "-m", "Begin"),
        ("-C", str(clone), *adding),
    ):
        subprocess.run([*git, *words], check=True, timeout=30)
    (clone / "web" / "Dockerfile").write_text("FROM python:3.12\nUSER app\n")
    change(clone / "compose.yaml", ("build: .", "build: ./web"))
    assert faults_of(clone) == ["services.web.build: web/Dockerfile lies in a submodule"]


def test_a_place_that_cannot_be_built_from_is_told_once(tmp_path: Path) -> None:
    begun(clone := cloned(WEB_AND_DB, tmp_path))
    change(clone / "compose.yaml", ("build: .", "build: https://example.com/acme/web.git#main:web"))
    assert faults_of(clone) == []


def test_a_service_of_a_profile_is_none_of_the_application(tmp_path: Path) -> None:
    begun(clone := cloned(PARCELS, tmp_path))
    assert [one.name for one in load_stack(clone).services] == ["web"]
    assert [one for one in looked(clone) if one.kind == "fault"] == []


def test_a_login_that_comes_to_the_container_from_another_file_is_named(tmp_path: Path) -> None:
    begun(clone := cloned(PARCELS, tmp_path))
    stack = clone / "stack.yaml"
    stack.write_text(stack.read_text().replace("env_file_as: [.env], ", ""))
    assert [one.came_back for one in looked(clone) if one.kind == "risk"] == [
        "its container gets another POSTGRES_PASSWORD than .env.staging says"
    ]


@pytest.mark.parametrize(
    "environment",
    [
        '{ADMIN_PASSWORD: "${FIRST_ADMIN_PASSWORD:-admin}"}',
        '["ADMIN_PASSWORD=${FIRST_ADMIN_PASSWORD:-admin}"]',
    ],
)
def test_a_default_password_of_a_variable_is_said_with_the_name_of_the_variable(
    environment: str, tmp_path: Path
) -> None:
    compose = f"""
services:
  web: {{image: "acme/web:2", ports: ["80:80"], environment: {environment}}}
"""
    begun(clone := cloned(Newcomer({"compose.yaml": compose}, 0, (), (), 0), tmp_path))
    (clone / ".env.staging").write_text("")
    [one] = looked(clone)
    assert one.kind == "risk"
    assert one.to_do.startswith("Give FIRST_ADMIN_PASSWORD a value of your own in .env.staging.")
