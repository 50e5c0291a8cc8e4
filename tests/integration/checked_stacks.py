"""Two stacks in a folder, and what `tidegate check` says of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.check import rows
from setup.places import ROOT
from tasks.plan.checking import look_over
from tidegate.settings import Settings

STACK = """
name: {name}
title: {name}
source: {{repository: "https://example.com/acme/{name}"}}
services: [{{name: web, image: acme/{name}, port: 8000, ready_path: /}}]
smoke: [{{name: home, path: /, contains: well, most_seconds: 1}}]
environments:
  prod: {{kind: production, approval: false, backup: false, after: nothing,
         compose_files: [compose.yaml], env_file: .env, secrets: {{TOKEN: token-block}},
         domains: [{name}.localhost], image_alias: latest}}
"""
COMPOSE = """
services:
  web:
    image: acme/{name}:latest
    build: .
    environment: {{TOKEN: "${{TOKEN}}", GREETING: "${{GREETING}}"}}
"""
PRIVILEGED = "    privileged: true\n"
POSTGRES = """  postgres:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: changeme
      REPORTS_PASSWORD: c4t-on-a-roof
    tmpfs: [/var/lib/postgresql/data]
"""
DATABASE = """databases: [{name: main, engine: postgresql, service: postgres, host_key: HOST, user_key: GREETING,
  password_key: POSTGRES_PASSWORD, database_key: GREETING}]
state: {databases: [main]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two stacks without a fault."""
    stacks = tmp_path / "stacks"
    for name in ("ant", "bee"):
        (stacks / name).mkdir(parents=True)
        (stacks / name / "stack.yaml").write_text(STACK.format(name=name))
        (stacks / name / "compose.yaml").write_text(COMPOSE.format(name=name))
        (stacks / name / ".env").write_text("GREETING=good-day\n")
    return stacks


def checked(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """As `tidegate check` on a machine where nothing of Tidegate runs, and no engine answers."""
    environment = {
        "PATH": os.environ["PATH"],
        "TIDEGATE_STACKS": str(folder),
        "TIDEGATE_HOME": str(folder / "home"),
        "DOCKER_HOST": f"unix://{folder}/no-engine.sock",
        "HOME": str(folder.parent),
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
    }
    return subprocess.run(
        [Path(sys.executable).with_name("tidegate"), "check", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def found(folder: Path, stack: str | None = None) -> list[dict[str, Any]]:
    """What `tidegate check --json` shows, without the second that it takes to start the program."""
    _, findings = look_over(Settings(stacks=folder, home=folder / "home"), stack)
    return rows(findings)


def change(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
