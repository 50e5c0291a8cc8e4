"""An application that runs already, as Compose has written it on its containers: from which files,
in which folder, with which env file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.errors import InputError
from tidegate.facts import ComposeModel
from tidegate.plan.adoption import CONFIG_FILES_LABEL, FoundContainer

WORKING_DIR_LABEL = "com.docker.compose.project.working_dir"
ENV_FILE_LABEL = "com.docker.compose.project.environment_file"
OWN_ENV_FILE = ".env"
"""Which Compose reads by itself."""
_NO_FILE = "-"
"""As Compose calls what it read from its standard input."""


@dataclass(frozen=True)
class RunningProject:
    """`files` are its compose files, whole paths in the order in which they are laid over each
    other; `env_file` is where their variables come from, if it is there. Somebody has named it, or
    else it is the one that Compose reads by itself."""

    name: str
    folder: str
    files: tuple[str, ...]
    env_file: str
    names_env_file: bool


def running_project(
    name: str, containers: Sequence[FoundContainer], known: Sequence[str]
) -> RunningProject:
    """By the labels of its containers; `known` are the compose projects of the engine. Raises
    InputError."""
    doing = f"looking for the compose project {name}"
    if not containers:
        there = f" (there are: {', '.join(known)})" if known else ""
        raise InputError(
            doing,
            f"the engine has no container of it{there}",
            "`docker compose ls --all` shows their names",
        )
    if not any(one.is_by_hand for one in containers):
        raise InputError(
            doing,
            "Tidegate has started it",
            "It has a stack file already: `tidegate status` shows where it belongs",
        )
    said = {_said(one): one.service for one in containers if one.is_by_hand}
    if len(said) > 1:
        told = "; ".join(
            f"{service}: {', '.join(files)}" for (_, files, _), service in said.items()
        )
        raise InputError(
            doing,
            f"its services were started from different compose files ({told})",
            "Start it once from all of them by `docker compose up --detach`; or copy them into the "
            "folder yourself, and leave out --from",
        )
    [(folder, files, env_file)] = said
    if not folder or not files or _NO_FILE in files:
        raise InputError(
            doing,
            "no file is known from which it was started",
            "Copy its compose files into the folder yourself, and leave out --from",
        )
    named = posixpath.normpath(posixpath.join(folder, env_file or OWN_ENV_FILE))
    return RunningProject(name, folder, files, named, bool(env_file))


def _said(one: FoundContainer) -> tuple[str, tuple[str, ...], str]:
    """The folder, the compose files, and the env file where one is named."""
    folder = one.labels.get(WORKING_DIR_LABEL, "")
    files = [file for file in one.labels.get(CONFIG_FILES_LABEL, "").split(",") if file]
    whole = tuple(
        file if file == _NO_FILE else posixpath.normpath(posixpath.join(folder, file))
        for file in files
    )
    return folder, whole, one.labels.get(ENV_FILE_LABEL, "").split(",")[0]


def beside(model: ComposeModel, folder: str, root: str) -> list[str]:
    """Paths below `root` that a model read in `folder` names, from there on, sorted: `.` is the
    folder itself, `../x` lies above it."""
    return sorted({posixpath.relpath(path, folder) for path in _paths_in(model, root)})


def secrets_of(model: ComposeModel) -> ComposeModel:
    """The parts of a model whose files hold secrets."""
    files = {name: one.get("env_file") for name, one in model["services"].items()}
    return {"secrets": model.get("secrets"), "services": files}


def is_env_file(name: str) -> bool:
    """By its name: `.env`, `.env.db`."""
    return name.rpartition("/")[2].startswith(".env")


def _paths_in(tree: Any, folder: str) -> Iterator[str]:
    if isinstance(tree, str):
        if tree == folder or tree.startswith(f"{folder}/"):
            yield tree
    elif isinstance(tree, Mapping):
        for inner in tree.values():
            yield from _paths_in(inner, folder)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _paths_in(inner, folder)
