"""`tidegate new`: a folder of a team's own, for their stacks and for Tidegate's state."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from cli.shown import data
from tidegate.errors import InputError
from tidegate.stack.folder import FILE, STACKS
from tidegate.stack.schema_export import SCHEMA_FILE

TOLD = """\
# Tidegate's commands work with this folder, from here and from every folder below it.
# An empty file is enough. What may stand here: `tidegate docs settings`.
# prefect_port = 4200
# edge_port = 8080
"""
IGNORED = (".tidegate/", "prefect.toml", f"{STACKS}/*/.env*", f"!{STACKS}/*/.env*.example")
"""State, which holds secrets; a file that names this machine; env files."""


def new(folder: Path, console: Console) -> None:
    """Make what is missing in `folder`; nothing that is there is changed but `.gitignore`.

    Raises InputError where the folder is a team's already, or cannot be written to.
    """
    if (folder / FILE).exists():
        raise InputError(f"making {folder}", f"it has a {FILE} already", "`tidegate run` starts it")
    try:
        _make(folder)
    except OSError as error:
        raise InputError(f"making {folder}", f"{error.filename}: {error.strerror}",
                         "Choose a folder that you may write to") from None
    console.print(data(f"{folder} is ready. Put it into git, add {STACKS}/NAME/stack.yaml "
                       "(`tidegate docs tutorial`), then `tidegate run` in it."), soft_wrap=True)


def _make(folder: Path) -> None:
    (folder / STACKS).mkdir(parents=True, exist_ok=True)
    (folder / STACKS / SCHEMA_FILE.name).write_text(SCHEMA_FILE.read_text(encoding="utf-8"), encoding="utf-8")
    ignore = folder / ".gitignore"
    there = ignore.read_text(encoding="utf-8").splitlines() if ignore.exists() else []
    lines = [*there, *(line for line in IGNORED if line not in there)]
    ignore.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / FILE).write_text(TOLD, encoding="utf-8")   # last: with it the folder is one
