"""Where an application's compose files lie, and which folder its stack file belongs into."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tasks.frame import adapters
from tidegate.errors import InputError
from tidegate.facts import ComposeModel
from tidegate.proposal.compose_files import SAYS_NOTHING, ComposeFiles, compose_files_in, places_of
from tidegate.stack.bind_mounts import bind_mounts
from tidegate.stack.env_files import env_files_of
from tidegate.stack.folder import folder_above
from tidegate.stack.team_folder import is_of_several

PROJECT = "init"
"""A name for Compose to read by; nothing is started under it."""
_SHOWN = 6


@dataclass(frozen=True)
class Application:
    """`folder` is the stack file's. The compose files lie there, or in the folder `below` it."""

    folder: Path
    below: str = ""

    @property
    def at(self) -> Path:
        """The folder of the compose files."""
        return self.folder / self.below

    @property
    def files(self) -> ComposeFiles:
        """By their names from the stack file's folder on."""
        names = [one.name for one in self.at.iterdir() if one.is_file()] if self.at.is_dir() else []
        return compose_files_in(names).below(self.below)


def application_in(folder: Path) -> Application | None:
    """The one in `folder`; in a repository without compose files at its top, the one in a folder of
    it that git has. None where there is none.

    Where its compose files mount or read what lies beside their folder, the stack file belongs into
    the folder of the repository that has all of it. Raises InputError where there are several, and
    StackFileError for a compose file that cannot be read.
    """
    if Application(folder).files:
        return _with_all_it_needs(folder)
    is_of_one = (folder / ".git").exists() and not is_of_several(folder)
    found = _below(folder) if is_of_one else []
    plain = [one for one in found if one.at.name.strip(".") in SAYS_NOTHING]
    if len(found) > 1 and len(plain) != 1:
        some = ", ".join(one.below for one in islice(found, _SHOWN))
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise InputError(
            f"looking for the compose files in {folder}",
            f"these folders have some: {some}{more}",
            "Say which are meant: `tidegate init FOLDER`",
        )
    return next(iter(plain or found), None)


def _below(folder: Path) -> list[Application]:
    tracked = map(Path, adapters.repository_at(folder).tracked)
    places = {path.parent for path in tracked if compose_files_in([path.name])}
    return [Application(folder, str(one.relative_to(folder))) for one in sorted(places)]


def _with_all_it_needs(folder: Path) -> Application:
    team = folder_above(folder.parent)
    if team is not None and is_of_several(team):
        return Application(folder)  # its stack files have folders of their own
    top = _top_of_repository(folder)
    first = places_of(Application(folder).files, ())[0].files
    model = adapters.as_written([folder / name for name in first], PROJECT)
    needed = [path for path in _paths(model) if Path(path).is_relative_to(top)]
    home = Path(os.path.commonpath([folder, *needed]))
    return Application(home, "" if home == folder else str(folder.relative_to(home)))


def _top_of_repository(folder: Path) -> Path:
    """The folder itself where it is in no repository."""
    context = Path(adapters.repository_at(folder).context)
    return folder.parents[len(context.parts) - 1] if context.parts else folder


def _paths(model: ComposeModel) -> Iterator[str]:
    """Of what the containers are given: mounts, env files, secrets and configs."""
    for service in model["services"].values():
        yield from (mount["source"] for mount in bind_mounts(service))
        yield from env_files_of(service, {})
    for part in ("secrets", "configs"):
        yield from (one["file"] for one in (model.get(part) or {}).values() if one.get("file"))
