"""A team's own folder: the one that holds `tidegate.toml`, found upwards as git finds `.git`."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

from tidegate.errors import InputError

FILE = "tidegate.toml"
STACKS = "stacks"
PATHS = {"home": ".tidegate", "stacks": STACKS}
"""Settings that are paths below the folder, and what they are where the file says nothing."""
SECRET = "ledger_url"
OTHERS_WRITE = 0o002


def find_folder() -> Path | None:
    """The current folder, or the nearest one above it, that holds a `tidegate.toml`."""
    return folder_above(Path.cwd())


def folder_above(place: Path) -> Path | None:
    return next((one for one in (place, *place.parents) if os.path.lexists(one / FILE)), None)


def stacks_said_in(file: Path) -> str:
    """Where the stack files lie, below its folder. A file that cannot be read is told by who needs
    the rest of it."""
    try:
        return str(tomllib.loads(file.read_text(encoding="utf-8")).get("stacks", STACKS))
    except (OSError, ValueError):
        return STACKS


def told_by_folder(known: Collection[str], *, must_be: bool) -> dict[str, Any]:
    """What the file says of the settings `known`; its paths are those below its folder.

    Raises InputError where there is no such file although it `must_be`, or one that is not the
    user's own or cannot be understood.
    """
    folder = find_folder()
    if folder is None:
        return _refuse_nowhere() if must_be else {}
    told = {**PATHS, **_read(folder / FILE, known)}
    return told | {name: folder / str(told[name]) for name in PATHS}


def _read(file: Path, known: Collection[str]) -> dict[str, Any]:
    try:
        _refuse_of_others(file)
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _faulty(file, str(error.strerror), "Make it a file that you may read") from None
    except ValueError as error:
        raise _faulty(file, str(error), "Correct it; an empty file is enough") from None
    if SECRET in told:
        raise _faulty(
            file,
            f"{SECRET} may hold a password, and this file lies in git",
            f"Set TIDEGATE_{SECRET.upper()} instead",
        )
    if unknown := sorted({*told} - {*known}):
        public = sorted({*known} - {SECRET})
        raise _faulty(
            file,
            "; ".join(_unknown(file, key, public) for key in unknown),
            f"Known are {', '.join(public)}",
        )
    return told


def _unknown(file: Path, key: str, known: Collection[str]) -> str:
    """With its line, and the setting that was probably meant."""
    lines = file.read_text(encoding="utf-8").splitlines()
    words = (re.split(r"[\s=.]", line.strip().lstrip("['\""))[0] for line in lines)
    number = next((place for place, word in enumerate(words, 1) if word.rstrip("]'\"") == key), 0)
    likely = difflib.get_close_matches(key, known, 1)
    where = f"line {number}: " if number else ""
    return f"{where}unknown: {key}" + (f" (did you mean {likely[0]}?)" if likely else "")


def _refuse_nowhere() -> NoReturn:
    raise InputError(
        f"looking for {FILE}",
        f"neither {Path.cwd()} nor a folder above it has one",
        "Go to your team's folder, or make one: `tidegate init FOLDER`",
    )


def _refuse_of_others(file: Path) -> None:
    """Whoever writes this file decides what we read and run, so it must be our own.

    `sudo` keeps the person who called it in SUDO_UID, as git knows too.
    """
    seen = file.stat()
    if str(seen.st_uid) not in {"0", str(os.geteuid()), os.environ.get("SUDO_UID")}:
        raise _faulty(
            file,
            f"it belongs to another user ({seen.st_uid})",
            "Run the command as that user, or take the folder over with `chown`",
        )
    if seen.st_mode & OTHERS_WRITE:
        raise _faulty(file, "everybody may write to it", f"chmod o-w {file}")


def _faulty(file: Path, why: str, to_do: str) -> InputError:
    return InputError(f"reading {file}", why, to_do)
