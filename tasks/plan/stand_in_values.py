"""Compose files whose variables have no value: each is named, and the files are read all the same,
so that one missing value hides no other fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tasks.frame import adapters
from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.findings import Finding, placed, shown
from tidegate.stack.catalogue import STACK_FILE
from tidegate.stack.unread import stand_ins_of


def missing_files(env: OpenEnvironment) -> Iterator[Finding]:
    """Of the compose files that stack.yaml names."""
    for number, name in enumerate(env.config.compose_files):
        if not (env.stack.folder / name).is_file():
            yield placed(
                Finding(
                    "fault",
                    env.stack.name,
                    env.name,
                    "looking for the compose files",
                    f"environments.{env.name}.compose_files[{number}]: {name} is not there",
                    "Make it, or name the file that is meant",
                ),
                [env.stack.folder / STACK_FILE],
            )


def with_stand_ins(env: OpenEnvironment, missing: Sequence[str]) -> OpenEnvironment:
    if not missing:
        return replace(env, faults=())
    files = [env.stack.folder / name for name in env.config.compose_files]
    stand_ins = stand_ins_of(adapters.as_written(files, env.base_project), missing)
    return replace(env, values={**env.values, **stand_ins}, faults=())


def told(env: OpenEnvironment, missing: Sequence[str]) -> Iterator[Finding]:
    """Each at the line that asks for it; not those of which the faults of the env file speak, and
    none where there is no env file."""
    said = " ".join(fault.came_back for fault in env.faults)
    files = [env.stack.folder / name for name in env.config.compose_files]
    if not (env.stack.folder / env.config.env_file).is_file():
        return
    for key in missing:
        if not re.search(rf"\b{re.escape(key)}\b", said):
            found = Finding(
                "fault",
                env.stack.name,
                env.name,
                f"reading {', '.join(file.name for file in files)}",
                f"no value for {key}",
                f"Set it in {env.config.env_file}; `$` itself is `$$`",
            )
            yield _at_its_line(found, key, files)


def _at_its_line(found: Finding, key: str, files: Sequence[Path]) -> Finding:
    asks = re.compile(rf"\$(?:{key}\b|\{{{key}\b)")
    for file in files:
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            if asks.search(line):
                return replace(found, file=shown(file), line=number)
    return found
