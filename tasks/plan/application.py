"""Where an application's compose files lie, which of them its environments read, and which folder
its stack file belongs into."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from tasks.frame import adapters
from tidegate.errors import InputError, StackFileError
from tidegate.proposal.compose_files import (
    FOR_SERVERS,
    ComposeFiles,
    Place,
    compose_files_in,
    for_releases,
    is_for_developers,
    places_of,
)
from tidegate.proposal.layers import layers_of
from tidegate.proposal.look import PROJECT
from tidegate.stack.bind_mounts import bind_mounts
from tidegate.stack.catalogue import STACK_FILE
from tidegate.stack.env_files import env_files_of
from tidegate.stack.folder import FILE, STACKS, folder_above
from tidegate.stack.team_folder import is_of_several

_SHOWN = 6
_LOOKS_SO = re.compile(r"compose.*\.ya?ml\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Application:
    """`folder` is the stack file's. The compose files lie there, or in the folder `below` it."""

    folder: Path
    below: str = ""
    others: tuple[str, ...] = ()
    """Further folders of the repository that have compose files."""

    @property
    def at(self) -> Path:
        """The folder of the compose files."""
        return self.folder / self.below

    @property
    def files(self) -> ComposeFiles:
        """By their names from the stack file's folder on."""
        names = [one.name for one in self.at.iterdir() if one.is_file()] if self.at.is_dir() else []
        return compose_files_in(names).below(self.below)

    @property
    def places(self) -> tuple[Place, ...]:
        """Its environments. Raises StackFileError for a compose file that cannot be read."""
        files = self.files
        return _completed(self.folder, files, places_of(files, _whole(self.folder, files)))


def application_in(folder: Path) -> Application | None:
    """The one in `folder`; in a repository without compose files at its top, the one in a folder of
    it that git has. None where there is none.

    Where its compose files mount or read what lies beside their folder, the stack file belongs into
    the folder of the repository that has all of it. Raises InputError where there are several, and
    StackFileError for a compose file that cannot be read.
    """
    folder = folder.resolve()
    if Application(folder).files:
        return _with_all_it_needs(folder)
    is_of_one = (folder / ".git").exists() and not is_of_several(folder)
    found = _below(folder) if is_of_one else []
    likely = [one for one in found if one.at.name.strip(".") in FOR_SERVERS]
    if len(found) > 1 and len(likely) != 1:
        some = ", ".join(one.below for one in islice(found, _SHOWN))
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise InputError(
            f"looking for the compose files in {folder}",
            f"these folders have some: {some}{more}",
            "Say which are meant: `tidegate init FOLDER`",
        )
    if not found:
        _refuse_overlooked(folder)
        return None
    chosen = next(iter(likely or found))
    if (chosen.at / STACK_FILE).exists():
        return Application(chosen.at)
    return replace(chosen, others=tuple(one.below for one in found if one is not chosen))


def _refuse_overlooked(folder: Path) -> None:
    """Raises InputError where files in it look like an application's compose files."""
    found = [*islice(_overlooked(folder), _SHOWN)]
    if found and not (folder / FILE).exists() and not (folder / STACKS).exists():
        raise InputError(
            f"looking for the compose files in {folder}",
            f"there is none that Compose reads by its name, but there are {', '.join(found)}",
            f"Name the folder that is meant: `tidegate init {Path(found[0]).parent}`; or rename "
            "the file to compose.yaml. A folder for several applications begins empty",
        )


def _overlooked(folder: Path) -> Iterator[str]:
    """Compose files below it, and what is called nearly like one."""
    for depth in ("*", "*/*", "*/*/*"):
        for path in sorted(folder.glob(depth)):
            name = str(path.relative_to(folder))
            if _LOOKS_SO.search(path.name) and path.is_file() and _is_meant(Path(name)):
                yield name


def _is_meant(path: Path) -> bool:
    """Neither hidden nor a developer's, by its name."""
    is_hidden = any(part.startswith(".") for part in path.parts)
    ours = for_releases([path.name]) and not is_for_developers(str(path.parent))
    return bool(ours) and not is_hidden


def _below(folder: Path) -> list[Application]:
    tracked = (Path(path) for path in adapters.repository_at(folder).tracked)
    names = {
        str(path.parent.relative_to(folder))
        for path in tracked
        if compose_files_in(for_releases([path.name]))
    }
    if any(name.startswith(f"{STACKS}/") for name in names):
        return []  # it is to be a folder for several
    applications = (Application(folder, name) for name in sorted(names))
    return [one for one in applications if not is_for_developers(one.below) and one.files]


def _with_all_it_needs(folder: Path) -> Application:
    team = folder_above(folder.parent)
    is_its_own = (folder / STACK_FILE).exists() or (folder / FILE).exists()
    if is_its_own or (team is not None and is_of_several(team)):
        return Application(folder)
    top = _top_of_repository(folder)
    needed = [path for path in _needed(Application(folder)) if Path(path).is_relative_to(top)]
    home = Path(os.path.commonpath([folder, *needed]))
    if home == folder or (home / STACK_FILE).exists():
        return Application(folder)
    return Application(home, str(folder.relative_to(home)))


def _top_of_repository(folder: Path) -> Path:
    """The folder itself where it is in no repository."""
    context = Path(adapters.repository_at(folder).context)
    return folder.parents[len(context.parts) - 1] if context.parts else folder


def _needed(application: Application) -> Iterator[str]:
    """Paths of what the containers are given: mounts, env files, secrets and configs."""
    for place in application.places:
        model = adapters.as_written([application.folder / name for name in place.files], PROJECT)
        for service in model["services"].values():
            yield from (mount["source"] for mount in bind_mounts(service))
            yield from env_files_of(service, {})
        for part in ("secrets", "configs"):
            yield from (one["file"] for one in (model.get(part) or {}).values() if one.get("file"))


def _whole(folder: Path, files: ComposeFiles) -> set[str]:
    """The variants that stand by themselves: they have every service of the main file, and say what
    it is made from."""
    variants = [name for name in (files.staging, files.production) if name]
    if not files.main:
        return {*variants}
    main = adapters.as_written([folder / files.main], PROJECT)["services"]
    if not all(map(_is_said, main.values())):
        return set()  # the main file says a part of each service, and a variant the rest
    return {
        name
        for name in variants
        if main.keys() <= {one for one, said in _services(folder / name).items() if _is_said(said)}
    }


def _is_said(service: Mapping[str, Any]) -> bool:
    return bool(service.get("image") or service.get("build"))


def _completed(folder: Path, files: ComposeFiles, places: tuple[Place, ...]) -> tuple[Place, ...]:
    """With the files that have servers which the main file alone speaks to and has not."""
    if not files.main or not files.others:
        return places
    others = {name: _services(folder / name).keys() for name in for_releases(files.others)}
    more = layers_of(adapters.as_written([folder / files.main], PROJECT), others)
    return tuple(
        replace(one, files=(*one.files, *more)) if files.main in one.files else one
        for one in places
    )


def _services(file: Path) -> Mapping[str, Any]:
    """None of a file that cannot be read alone."""
    try:
        services: Mapping[str, Any] = adapters.as_written([file], PROJECT)["services"]
    except StackFileError:
        return {}
    return services
