"""Compose files as their team wrote them: with the variables that stand there, and no value."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from blocks.docker.compose_command import ComposeCommand
from tidegate.errors import StackFileError
from tidegate.facts import ComposeModel, Outcome
from tidegate.stack.few_words import Aside, with_aside, worded

_BARE = re.compile(r"(\$\$)|\$([A-Za-z_]\w*)", re.ASCII)


def as_written(command: ComposeCommand, files: Sequence[Path], project: str) -> ComposeModel:
    """The files' whole model. Raises StackFileError.

    A variable where Compose takes a few words only is under an `x-tidegate-` key
    (`tidegate.stack.few_words`), if one of `files` itself says it, and none that these name.

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
    options, aside = (*as_they_stand, *options), list[Aside]()
    outcome = command.config(files, project, *options, doing=doing)
    if outcome.exit_code != 0:
        outcome, aside = _with_words(command, files, project, options, doing) or (outcome, aside)
    if outcome.exit_code != 0:
        raise StackFileError(doing, command.said(outcome), "Correct the compose file")
    model: ComposeModel = json.loads(outcome.stdout)
    with_aside(model, aside)
    return model


def _with_words(
    command: ComposeCommand,
    files: Sequence[Path],
    project: str,
    options: Sequence[str],
    doing: str,
) -> tuple[Outcome, list[Aside]] | None:
    """What Compose makes of copies with a word for each such variable; None where there is none."""
    try:
        changed = [worded(file.read_text("utf-8-sig")) for file in files]
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None  # Compose has said it
    aside = [one for _, found in changed for one in found]
    if not aside:
        return None
    with tempfile.TemporaryDirectory(prefix="tidegate-compose-") as made:
        copies = [Path(made, f"{number}-{file.name}") for number, file in enumerate(files)]
        for copy, (text, _) in zip(copies, changed, strict=True):
            copy.write_text(text, "utf-8")
        folder = files[0].absolute().parent
        outcome = command.config(copies, project, *options, doing=doing, folder=folder)
        said = outcome.stderr
        for copy, file in zip(copies, files, strict=True):
            said = said.replace(str(copy), str(file))
    return replace(outcome, stderr=said), aside


def _mounts(model: ComposeModel) -> list[dict[str, Any]]:
    services = model["services"].values()
    return [one for service in services for one in service.get("volumes") or () if one]
