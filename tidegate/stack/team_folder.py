"""A team's own folder, made: for the stack files of several applications, or in the repository of
one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tidegate.errors import InputError
from tidegate.stack.folder import FILE, STACKS, folder_above, stacks_said_in
from tidegate.stack.schema_export import SCHEMA_FILE

TOLD = """\
# Tidegate's commands work with this folder, from here and from every folder below it.
# What may stand here: `tidegate docs settings`.
# prefect_port = 4200
# edge_port = 8080
"""
OF_ONE = f'{TOLD}stacks = "."   # stack.yaml lies here\n'
STATE = (".tidegate/", "prefect.toml")
"""State, which holds secrets; a file that names this machine."""
OF_ENVIRONMENTS = (".env.*", "!.env.*.example")
"""Also of those that come later."""
IGNORED = (*STATE, f"{STACKS}/*/.env*", f"!{STACKS}/*/.env*.example")


def make_for_several(folder: Path) -> None:
    """Make what is missing in `folder`; nothing that is there is changed but `.gitignore`.

    Raises InputError where the folder is a team's already and lacks nothing, lies inside of one, or
    cannot be written to.
    """
    is_one = (folder / FILE).exists()
    _refuse_inside(folder)
    with _told_plainly(folder):
        if is_one and not (is_of_several(folder) and _complete(folder)):
            raise InputError(
                f"making {folder}", f"it has a {FILE} already", "`tidegate run` starts it"
            )
        if not is_one:
            _complete(folder)
            (folder / FILE).write_text(TOLD, encoding="utf-8")  # last: with it the folder is one


def _refuse_inside(folder: Path) -> None:
    team = folder_above(folder.parent)
    if team is not None and is_of_several(team):
        raise InputError(
            f"looking for compose files in {folder}",
            f"there is none, and it lies in {team}, which is a folder for several applications",
            f"Copy an application's compose files to {team / STACKS}/NAME, and name that folder",
        )


def _complete(folder: Path) -> bool:
    """Whether anything was missing."""
    schema = folder / STACKS / SCHEMA_FILE.name
    is_new = not schema.exists()
    if is_new:
        schema.parent.mkdir(parents=True, exist_ok=True)
        schema.write_text(SCHEMA_FILE.read_text(encoding="utf-8"), encoding="utf-8")
    return ignore(folder, IGNORED) or is_new


def make_for_stack(team: Path) -> list[Path]:
    """For a stack in a team's folder, whose env files no commit may have. Returns the files that
    were added to."""
    with _told_plainly(team):
        return [team / ".gitignore"] if ignore(team, IGNORED) else []


def make_for_one(folder: Path, env_files: Iterable[str]) -> list[Path]:
    """In an application's repository. Returns the files that are new or were added to."""
    others = [file for file in env_files if not file.startswith(".env.")]
    with _told_plainly(folder):
        files = (
            [folder / ".gitignore"] if ignore(folder, (*STATE, *OF_ENVIRONMENTS, *others)) else []
        )
        if not (folder / FILE).exists():
            (folder / FILE).write_text(OF_ONE, encoding="utf-8")
            files.append(folder / FILE)
    return files


def ignore(folder: Path, wanted: Iterable[str]) -> bool:
    """Add the lines that `.gitignore` has not. Whether there were any."""
    file = folder / ".gitignore"
    there = file.read_bytes() if file.exists() else b""
    end = b"\r\n" if b"\r\n" in there else b"\n"
    missing = [line.encode() for line in wanted if line.encode() not in there.splitlines()]
    if missing:
        begin = end if there and not there.endswith(b"\n") else b""
        with file.open("ab") as opened:
            opened.write(begin + b"".join(line + end for line in missing))
    return bool(missing)


def is_of_several(folder: Path) -> bool:
    """Whether it is a team's folder whose stack files lie in other folders."""
    file = folder / FILE
    return file.exists() and stacks_said_in(file) != "."


def team_of(folder: Path) -> Path | None:
    """The team's folder in which `folder` is a stack's own; None where it is to be the team's
    folder itself.

    Raises InputError where no command would find a stack file in it.
    """
    if is_of_several(folder):
        raise InputError(
            f"writing a stack file in {folder}",
            f"its {FILE} says that stack files lie in other folders",
            f"Move the compose files into {STACKS}/NAME",
        )
    if (folder / FILE).exists():
        return None
    team = folder_above(folder.parent)
    if team is None or not is_of_several(team):
        return None
    if folder.parent != team / STACKS:
        raise InputError(
            f"writing a stack file in {folder}",
            f"it is in {team}, where stack files lie in {STACKS}/NAME",
            f"Move it to {team / STACKS / folder.name}",
        )
    return team


@contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"making {folder}",
            f"{error.filename}: {error.strerror}",
            "Choose a folder that you may write to",
        ) from None
