"""Containers whose start moves the schema, and jobs that move it beside `migrations:`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.file_text import file_text
from tasks.plan.findings import Finding, placed, shown
from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.known_images import MIGRATORS
from tidegate.proposal.roles import made_from
from tidegate.stack.one_shots import one_shots
from tidegate.stack.schema_starts import (
    MOVES_SCHEMA,
    moving_line,
    moving_package_line,
    scripts_in,
    starts_of,
)

EACH_START = (
    "each start moves the schema: no backup is made before it, and a plan does not show it",
    "Take it out of the start and say `migrations:` in stack.yaml",
)
EACH_RELEASE = (
    "moves the schema once in each release, before what waits for it: the plan does not show the "
    "change, it is not rehearsed on a copy, and no way back takes it back",
    "Where `migrations:` in stack.yaml knows its tool, say it there and take the job out of the "
    "compose files",
)
NEVER_AGAIN = (
    "moves the schema, and no release repeats it: a version with a new migration would be served "
    "with the old schema",
    "Name it under `services` in stack.yaml, so that each release runs it, or say `migrations:`",
)


@dataclass(frozen=True)
class _Moving:
    """Where a service is told to move the schema: a path of the compose files, or a line."""

    path: str = ""
    file: Path | None = None
    line: int | None = None


def schema_risks(env: OpenEnvironment) -> Iterator[Finding]:
    """One for each released service and each job that moves the schema when it starts."""
    if not env.stack.databases:
        return
    services = env.model()["services"]
    once = one_shots(env.model(), ()) - {*env.released}
    for name in (*env.released, *sorted(once)):
        if name in services and (where := _moving(name, services[name])):
            wording = (
                NEVER_AGAIN if name in once else EACH_RELEASE if name in env.jobs else EACH_START
            )
            yield _finding(env, name, where, *wording)


def _finding(env: OpenEnvironment, name: str, where: _Moving, text: str, to_do: str) -> Finding:
    told = f"{where.path}: {text}" if where.path else text
    file = shown(where.file) if where.file else None
    found = Finding(
        "risk",
        env.stack.name,
        env.name,
        f"reading how {name} is started",
        told,
        to_do,
        file,
        where.line,
    )
    files = [env.stack.folder / one for one in env.config.compose_files]
    return found if where.file else placed(found, files)


def _moving(name: str, service: Mapping[str, Any]) -> _Moving | None:
    """What the compose file says counts before the Dockerfile; then what the command leads to."""
    said = {key: _text(service.get(key)) for key in ("entrypoint", "command")}
    for key, text in said.items():
        if MOVES_SCHEMA.search(text):
            return _Moving(f"services.{name}.{key}")
    if MIGRATORS.search(made_from(service, Dockerfile())):
        return _Moving(f"services.{name}.image")
    return _in_image(name, service, said) if service.get("build") else None


def _in_image(name: str, service: Mapping[str, Any], said: Mapping[str, str]) -> _Moving | None:
    build = service["build"]
    context = Path(build.get("context", "."))
    inline = build.get("dockerfile_inline")
    file = context / build.get("dockerfile", "Dockerfile")
    text = file_text(file) if inline is None else str(inline)
    starts = [
        one
        for one in starts_of(text, build.get("target") or "")
        if not said["entrypoint"] and not (one.word == "CMD" and said["command"])
    ]
    for one in starts:
        if MOVES_SCHEMA.search(one.text):
            return (
                _Moving(file=file, line=one.line)
                if inline is None
                else _Moving(f"services.{name}.build.dockerfile_inline")
            )
    command = " ".join(filter(None, (*said.values(), *(one.text for one in starts))))
    return _in_files(context, command, text)


def _in_files(context: Path, command: str, dockerfile: str) -> _Moving | None:
    """In a script of the context that the command names, or in one of package.json."""
    for name in dict.fromkeys(scripts_in(command, dockerfile)):
        if line := moving_line(file_text(context / name), command):
            return _Moving(file=context / name, line=line)
    package = context / "package.json"
    line = moving_package_line(command, file_text(package))
    return _Moving(file=package, line=line) if line else None


def _text(said: object) -> str:
    return " ".join(map(str, said)) if isinstance(said, list) else str(said or "")
