"""A seed that runs by `docker compose up` before Tidegate comes, as its team started it a year
ago."""

from __future__ import annotations

import os
import subprocess

from setup import compose
from tests.field.seeds.images import docker
from tests.field.seeds.table import Seed
from tests.field.seeds.town import add_tenant
from tidegate.stack.file import Stack

UP_SECONDS = 600


def start_by_hand(stack: Stack, seed: Seed) -> None:
    """Its containers are healthy then."""
    environment = stack.environments[seed.environment]
    _, _, command = compose.find()
    files = [word for file in environment.compose_files for word in ("--file", file)]
    words = ["--project-name", environment.base_project or "", "--env-file", environment.env_file]
    said = subprocess.run(
        [*command, *files, *words, "up", "--detach", "--wait", *(seed.by_hand or ())],
        cwd=stack.folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=UP_SECONDS,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    if seed.migrated:
        docker(*seed.migrated.split())
    if seed.name == "odoo18-test":
        add_tenant(seed.rows_in, "odoo", "test", {}, is_there=False)
