"""Compose files as their team wrote them: with the variables that stand there, and no value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blocks.docker.compose_command import ComposeCommand
from blocks.docker.compose_few_words import read_few_words
from tidegate.errors import StackFileError
from tidegate.facts import ComposeModel
from tidegate.stack.few_words import without_replaced

_BARE = re.compile(r"(\$\$)|\$([A-Za-z_]\w*)", re.ASCII)


def as_written(
    command: ComposeCommand,
    files: Sequence[Path],
    project: str,
    values: Mapping[str, str] = {},
) -> ComposeModel:
    """The files' whole model. Raises StackFileError.

    Where Compose takes no variable, one of `values` stands, a default, or a word that it takes; the
    variable is beside it (`tidegate.stack.few_words`).

    Compose takes `source: ${DATA}` of a mount for a folder beside its file, since it does not know
    the value; here it stays as it is. `$DATA` in a source is returned as `${DATA}`.
    """
    model = _config(command, files, project, values)
    mounts = _mounts(model)
    if any("/$" in str(one.get("source")) for one in mounts):
        there = _mounts(_config(command, files, project, values, "--no-path-resolution"))
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
    command: ComposeCommand,
    files: Sequence[Path],
    project: str,
    values: Mapping[str, str],
    *more: str,
) -> ComposeModel:
    doing, options = reading(files), ("--no-interpolate", "--no-env-resolution", *more)
    outcome = command.config(files, project, *options, doing=doing)
    if outcome.exit_code != 0:
        outcome = read_few_words(command, files, project, options, values, doing) or outcome
    if outcome.exit_code != 0:
        raise StackFileError(doing, command.said(outcome), "Correct the compose file")
    model: ComposeModel = without_replaced(json.loads(outcome.stdout))
    return model


def _mounts(model: ComposeModel) -> list[dict[str, Any]]:
    services = model["services"].values()
    return [one for service in services for one in service.get("volumes") or () if one]
