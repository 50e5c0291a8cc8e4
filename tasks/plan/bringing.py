"""The compose files of an application that runs already, brought into a folder for its stack file.
Nothing is made up from containers: what is not in files is said to be missing."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from tasks.frame import adapters
from tidegate.errors import InputError, StackFileError
from tidegate.proposal.compose_files import ENV_FILES, Place, places_by
from tidegate.proposal.running import (
    RunningProject,
    beside,
    is_env_file,
    running_project,
    secrets_of,
)
from tidegate.stack.team_folder import ignore

MOST_BYTES = 1 << 20
"""Of a file that is copied."""
PRODUCTION_ENV = ENV_FILES["production"][0]


@dataclass(frozen=True)
class Brought:
    """`files` are new in the folder, and come from `origin`; `places` are the environments that its
    stack file has then."""

    origin: str
    files: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class _Copy:
    """`is_private` says that secrets may be in it: nobody else reads it, and git never sees it."""

    content: bytes
    mode: int
    is_private: bool = False


@contextlib.contextmanager
def brought(folder: Path, project: str) -> Iterator[Brought]:
    """Copy into `folder` what `project` was started from; in the project's own folder it is used as
    it lies there. Where what comes then fails, the copies go again.

    Raises InputError with all that cannot be read, before anything is written.
    """
    by_hand, occupancy = adapters.by_hand_here()
    known = sorted({one.project for one in occupancy.occupants() if one.project})
    running = running_project(project, by_hand.containers_of(project), known)
    is_at_home = folder.resolve() == Path(running.folder).resolve()
    env_file = _env_file(running)
    texts = _read([*running.files, *filter(None, [env_file])], running)
    names = {file: _name(folder, file, running, is_at_home=is_at_home) for file in running.files}
    env = {PRODUCTION_ENV: replace(texts[env_file], is_private=True)} if env_file else {}
    copied = {} if is_at_home else {names[file]: texts[file] for file in running.files}
    needed = _needed(running, copied) if copied else {}
    _refuse_others(folder, {**copied, **needed})
    with _written(folder, {**copied, **needed, **env}) as files:
        yield Brought(running.folder, tuple(files), places_by(running.name, [*names.values()]))
    ignore(folder, [f"/{name}" for name, one in needed.items() if one.is_private])


def _env_file(running: RunningProject) -> str:
    """Where the values of its variables are; empty where nobody named one and there is none that
    Compose reads by itself."""
    is_there = os.path.lexists(running.env_file)
    return running.env_file if running.names_env_file or is_there else ""


def _read(files: Sequence[str], running: RunningProject) -> dict[str, _Copy]:
    read, faults = {}, []
    for file in files:
        try:
            read[file] = _content(Path(file))
        except OSError as error:
            faults.append(f"{file}: {error.strerror}")
    if faults:
        raise InputError(
            f"reading what the compose project {running.name} was started from",
            "; ".join(faults),
            "Bring them back into that place from where they are kept, such as git or a backup; or "
            "copy them into a folder of your own and type `tidegate init FOLDER`. No compose file "
            "is made up from containers",
        )
    return read


def _content(file: Path) -> _Copy:
    """Raises OSError, also for a folder, and for what would be too large."""
    there = file.stat()
    if not stat.S_ISREG(there.st_mode):
        raise OSError(None, "it is no single file")
    if there.st_size > MOST_BYTES:
        raise OSError(None, f"it is larger than {MOST_BYTES} bytes")
    return _Copy(file.read_bytes(), there.st_mode & 0o777)


def _name(folder: Path, file: str, running: RunningProject, *, is_at_home: bool) -> str:
    """In the folder of the stack file. Raises InputError for one that lies outside of it."""
    if not is_at_home:
        return Path(file).name
    inside = os.path.relpath(file, running.folder)
    if inside.startswith(".."):
        raise InputError(
            f"looking at the compose files of {running.name}",
            f"{file} lies outside of {folder}, where stack.yaml is to be",
            "Choose an empty folder: they are copied into it",
        )
    return inside


def _needed(running: RunningProject, copied: Mapping[str, _Copy]) -> dict[str, _Copy]:
    """The files beside the compose files that these name. Raises InputError where they need what
    cannot be copied: folders, and what images are built from."""
    if len(copied) < len(running.files):
        _refuse(running, "two of its compose files have one name")
    names, private = _named(running, copied)
    found, left = {}, []
    for name in names:
        if name.startswith("..") or is_env_file(name):
            left.append(name)
            continue
        try:
            one = _content(Path(running.folder, name))
            found[name] = replace(one, is_private=name in private)
        except OSError as error:
            left.append(f"{name} ({error.strerror})")
    if left:
        _refuse(running, f"they need what lies beside them: {', '.join(left)}")
    return found


def _named(
    running: RunningProject, copied: Mapping[str, _Copy]
) -> tuple[list[str], Collection[str]]:
    """What they name beside them, and what of it holds secrets. They are read in a folder where
    nothing else is: all of that is below it then."""
    with tempfile.TemporaryDirectory(prefix="tidegate-init-") as made:
        root = Path(made).resolve()
        alone = root / "of" / "its" / "own"  # what lies above it is seen too
        alone.mkdir(parents=True)
        for name, one in copied.items():
            (alone / name).write_bytes(one.content)
        try:
            model = adapters.as_written([alone / name for name in copied], running.name)
        except StackFileError as fault:
            _refuse(running, f"they cannot be read alone: {fault.came_back}")
    own = os.path.relpath(running.env_file, running.folder)
    names, private = (beside(one, str(alone), str(root)) for one in (model, secrets_of(model)))
    return [name for name in names if name != own], private


def _refuse(running: RunningProject, why: str) -> NoReturn:
    raise InputError(
        f"copying the compose files of {running.name}",
        why,
        f"Begin in the folder where they lie: `tidegate init {running.folder} --from "
        f"{running.name}`",
    )


def _refuse_others(folder: Path, copies: Mapping[str, _Copy]) -> None:
    """Of two files with one name nobody could say which is meant."""
    if others := [name for name, one in copies.items() if _is_another(folder / name, one)]:
        raise InputError(
            f"copying compose files into {folder}",
            f"there is another {', '.join(others)}",
            "Choose an empty folder",
        )


def _is_another(file: Path, one: _Copy) -> bool:
    try:
        return os.path.lexists(file) and _content(file).content != one.content
    except OSError:
        return True


@contextlib.contextmanager
def _written(folder: Path, copies: Mapping[str, _Copy]) -> Iterator[list[str]]:
    """The names of those that are new: what is there stays as it is."""
    made = list[Path]()
    try:
        for name, one in copies.items():
            _make_folder((folder / name).parent, made)
            with contextlib.suppress(FileExistsError):
                opened = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                made.append(folder / name)
                with os.fdopen(opened, "wb") as stream:
                    stream.write(one.content)
                    os.fchmod(opened, 0o600 if one.is_private else one.mode)
        yield [str(path.relative_to(folder)) for path in made if path.is_file()]
    except BaseException as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):  # somebody has put something into a new folder
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            raise InputError(
                f"writing into {folder}",
                f"{error.filename}: {error.strerror}",
                "Choose a folder that you may write to",
            ) from None
        raise


def _make_folder(folder: Path, made: list[Path]) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, made)
        folder.mkdir()
        made.append(folder)
