"""Which env files of the compose files are each server's own, and which git has."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from tidegate.facts import ComposeModel
from tidegate.stack.env_files import env_files_of

_OWN_NAME = re.compile(r"(?:^|[/._-])envs?(?:[/._-]|\Z)")
"""`.env`, `db.env`, `env`, and all in a folder of that name: `.envs/.production/.django`."""


def env_files_of_servers(
    model: ComposeModel, folder: str, tracked: Collection[str], first: str
) -> tuple[str, ...]:
    """Names of the env files that `env_file:` names and git does not have: each server has its own.
    So it is with the `first`, by which compose puts values in, whoever has it: containers would get
    other values than the compose files."""
    named = [
        (os.path.relpath(path, folder), path in tracked)
        for service in model["services"].values()
        for path in env_files_of({"env_file": service.get("env_file")}, {})
        if "$" not in path
    ]
    own = (
        one
        for one, is_tracked in named
        if one == first or (not is_tracked and not one.startswith("..") and _OWN_NAME.search(one))
    )
    return tuple(dict.fromkeys(own))


def as_one(
    names: Sequence[str], examples: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Those of the env files `names` that one file can stand for, and what `examples` say of them:
    a file that says another thing under the same key stays by itself."""
    taken, values = [], dict[str, str]()
    for name in names:
        said = examples.get(name, {})
        if all(values.get(key, value) == value for key, value in said.items()):
            taken.append(name)
            values |= said
    return tuple(taken), values


def env_files_in_git(
    model: ComposeModel, services: Iterable[str], tracked: Collection[str]
) -> set[str]:
    """Paths of the env files of `services` that git has."""
    named = (
        path
        for name in services
        for path in env_files_of({"env_file": model["services"][name].get("env_file")}, {})
    )
    return {path for path in named if path in tracked}
