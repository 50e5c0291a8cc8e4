"""Compose files as their team wrote them: with the variables that stand there, and no value."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from blocks.docker.compose_command import ComposeCommand
from tidegate.errors import StackFileError
from tidegate.facts import ComposeModel

_BARE = re.compile(r"(\$\$)|\$([A-Za-z_]\w*)", re.ASCII)


def as_written(command: ComposeCommand, files: Sequence[Path], project: str) -> ComposeModel:
    """The files' whole model. Raises StackFileError.

    Compose takes `source: ${DATA}` of a mount for a folder beside its file, since it does not know
    the value; here it stays as it is. `$DATA` in a source is returned as `${DATA}`.
    """
    model = _config(command, files, project)
    mounts = _mounts(model)
    if any("/$" in str(one.get("source")) for one in mounts):
        there = _mounts(_config(command, files, project, "--no-path-resolution"))
        for mount, same in zip(mounts, there, strict=True):
            if _begins_with_variable(str(same.get("source"))):
                mount["source"] = same["source"]
    for mount in mounts:
        if isinstance(source := mount.get("source"), str):
            mount["source"] = _BARE.sub(lambda found: found[1] or f"${{{found[2]}}}", source)
    return model


def _begins_with_variable(source: str) -> bool:
    return source.startswith("$") and not source.startswith("$$")


def reading(files: Sequence[Path]) -> str:
    """What is being done, for an error."""
    return f"reading {', '.join(file.name for file in files)}"


def _config(
    command: ComposeCommand, files: Sequence[Path], project: str, *options: str
) -> ComposeModel:
    doing, as_they_stand = reading(files), ("--no-interpolate", "--no-env-resolution")
    outcome = command.config(files, project, *as_they_stand, *options, doing=doing)
    if outcome.exit_code != 0:
        raise StackFileError(doing, command.said(outcome), "Correct the compose file")
    model: ComposeModel = json.loads(outcome.stdout)
    return model


def _mounts(model: ComposeModel) -> list[dict[str, Any]]:
    services = model["services"].values()
    return [one for service in services for one in service.get("volumes") or () if one]
