"""A team's clone of one application, with the history of two versions and the env files of its
server."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from tests.field.apps import App
from tests.installation import SUFFIX, free_ports

PLACEHOLDER = "CHANGEME"
ENV_FILES = {"staging": ".env.staging", "prod": ".env.production"}


@dataclass(frozen=True)
class Team:
    """`folder` is where the stack file lies, a clone of `repository`."""

    app: App
    folder: Path
    repository: Path

    @staticmethod
    def stack_of(app: App) -> str:
        """Two sessions on one engine need names of their own."""
        return f"{app.name}{SUFFIX}"

    @property
    def stack(self) -> str:
        return self.stack_of(self.app)

    def domain(self, environment: str = "prod") -> str:
        return (
            f"{self.stack}.localhost"
            if environment == "prod"
            else f"{environment}.{self.stack}.localhost"
        )

    @property
    def base_project(self) -> str:
        """Under which the data of production are."""
        return self.stack if self.app.own_port else f"{self.stack}-prod"

    @property
    def own_port(self) -> str:
        """Of the host, where it runs already."""
        return str(dotenv_values(self.folder / ENV_FILES["prod"])[self.app.own_port])

    def commit_versions(self) -> None:
        """Two commits with a tag each; one where a vendor makes the versions."""
        shutil.copytree(
            self.app.folder, self.repository, ignore=shutil.ignore_patterns("__pycache__")
        )
        self._git("init", "--quiet", "--initial-branch", "main")
        self._commit(self.app.versions[0], "Begin")
        if self.app.change:
            file, old, new = self.app.change
            text = (self.repository / file).read_text()
            (self.repository / file).write_text(text.replace(old, new))
            self._commit(self.app.versions[1], "Change the title")

    def clone(self) -> None:
        """As a person has it; beside it what lies on a server and not in git."""
        subprocess.run(
            ["git", "clone", "--quiet", self.repository, self.folder], check=True, timeout=60
        )
        for example in self.folder.rglob("*.txt.example"):
            example.with_suffix("").write_text(
                example.read_text().replace(PLACEHOLDER, secrets.token_hex(12))
            )

    def write_env_file(self, name: str, images: Mapping[str, str]) -> None:
        """From the team's own example: a password in each place that asks for one, this run's host
        names and images."""
        text = re.sub(
            PLACEHOLDER, lambda _: secrets.token_hex(12), (self.folder / ".env.example").read_text()
        )
        (self.folder / name).write_text(self._of_this_run(text + _lines(images)))

    def complete_env_files(self, images: Mapping[str, str]) -> None:
        """What `tidegate init` left to a person, and this machine's images. Production has the keys
        of staging."""
        staging = self.folder / ENV_FILES["staging"]
        values = {**dotenv_values(self.folder / ".env"), **dotenv_values(staging), **images}
        if self.app.own_port:
            values |= {self.app.own_port: str(free_ports(1)[0]), "COMPOSE_PROJECT_NAME": self.stack}
        for environment, name in ENV_FILES.items():
            own = {self.app.folder_key: f"./{environment}"} if self.app.folder_key else {}
            (self.folder / name).write_text(self._of_this_run(_lines({**values, **own})))

    def _of_this_run(self, text: str) -> str:
        """Its host names."""
        return text.replace(
            f"={self.app.name}.localhost\n", f"={self.domain('staging')},{self.domain()}\n"
        )

    def _git(self, *words: str) -> None:
        who = ["-c", "user.name=mei", "-c", "user.email=mei@example.com"]
        subprocess.run(
            ["git", "-C", self.repository, *who, *words],
            check=True,
            capture_output=True,
            timeout=60,
        )

    def _commit(self, tag: str, subject: str) -> None:
        self._git("add", "--all")
        self._git("commit", "--quiet", "-m", subject)
        self._git("tag", tag)


def _lines(values: Mapping[str, str | None]) -> str:
    return "".join(f"{key}={value}\n" for key, value in values.items())
