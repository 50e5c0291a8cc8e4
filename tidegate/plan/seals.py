"""What was planned, kept for whoever goes on with it: the stack file, env values, compose model and
files, as they were read.

They hold secrets, so they lie in a folder that only the owner can enter, and go when nothing can
need them any more.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidegate.errors import ConfigError
from tidegate.facts import ComposeModel
from tidegate.plan.sealed_files import content_hash, refuse_too_large
from tidegate.stack.file import Stack


@dataclass(frozen=True)
class Seal:
    """What one deployment was planned with."""

    stack: Stack
    values: Mapping[str, str]
    model: ComposeModel
    files: Path
    """The folder that holds the copies, each under its name in `files_of`."""
    contents: Mapping[str, str]
    """SHA-256 of each copy, by that name."""


@dataclass(frozen=True)
class Seals:
    """The seals of an installation, one folder for each deployment: `home/sealed/<deployment
    id>/`."""

    folder: Path

    def write(
        self,
        deployment: str,
        *,
        stack: Stack,
        values: Mapping[str, str],
        model: ComposeModel,
        files: Mapping[str, Path],
        contents: Mapping[str, str],
    ) -> None:
        """Keep everything, whole or not at all; what is kept already stays. `contents` are the
        SHA-256 that were planned.

        Raises ConfigError when a file has changed since, or all are too large.
        """
        if (self.folder / deployment).exists():
            return
        draft = self._draft(deployment)
        try:
            _write_json(
                draft / "inputs.json",
                {
                    "stack": stack.model_dump(mode="json"),
                    "folder": str(stack.folder),
                    "values": dict(values),
                    "model": model,
                    "contents": {name: contents[name] for name in files},
                },
            )
            _copy_all(files, draft / "files", contents)
            with contextlib.suppress(FileExistsError):
                draft.rename(self.folder / deployment)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def read(self, deployment: str) -> Seal | None:
        """None where nothing is kept, a file of it is gone, or an older Tidegate has kept it in
        another form."""
        folder = self.folder / deployment
        try:
            kept = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))
            stack = Stack.model_validate(kept["stack"]).model_copy(
                update={"folder": Path(kept["folder"])}
            )
            seal = Seal(
                stack,
                kept["values"],
                kept["model"],
                self.files_of(deployment),
                kept.get("contents", {}),
            )
        except (OSError, ValueError, KeyError, TypeError):  # pydantic's error is a ValueError
            return None
        return seal if all(os.path.lexists(seal.files / name) for name in seal.contents) else None

    def is_whole(self, deployment: str) -> bool:
        """Whether it can be read, and every copy has the content that was planned."""
        seal = self.read(deployment)
        return seal is not None and all(
            content_hash(seal.files / name) == content for name, content in seal.contents.items()
        )

    def keep_before(self, deployment: str, content: Any) -> None:
        """Keep beside a seal what was there before the change; what is kept already stays."""
        file = self.folder / deployment / "before.json"
        if not file.exists():
            draft = file.with_suffix(f".draft-{os.getpid()}")
            _write_json(draft, content)
            draft.rename(file)

    def before(self, deployment: str) -> Any:
        """Raises ConfigError where nothing is kept, or it cannot be read."""
        file = self.folder / deployment / "before.json"
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ConfigError(
                "reading what ran before the change",
                f"sealed/{deployment}/before.json is gone, or damaged",
                "Look at what runs with `tidegate status`, and decide",
            ) from None

    def files_of(self, deployment: str) -> Path:
        return self.folder / deployment / "files"

    def remove(self, deployment: str) -> None:
        """Again: changes nothing."""
        shutil.rmtree(self.folder / deployment, ignore_errors=True)

    def _draft(self, deployment: str) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f"{deployment}.draft-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        return draft


def _copy_all(files: Mapping[str, Path], into: Path, contents: Mapping[str, str]) -> None:
    refuse_too_large(files)
    into.mkdir(mode=0o700)
    # what lies behind a link goes there
    for name, file in sorted(files.items(), key=lambda one: not one[1].is_symlink()):
        _copy(file, into / name)
        if content_hash(into / name) != contents[name]:
            raise ConfigError(
                f"keeping {name}", "it has changed since it was planned", "Start the release again"
            )


def _copy(file: Path, into: Path) -> None:
    """With mode and owner: a container reads it as somebody."""
    if file.is_symlink():
        _make_folder(into.parent, file.parent)
        into.symlink_to(file.readlink())
        return
    into = Path(os.path.realpath(into))
    _make_folder(into.parent, file.parent)
    shutil.copy2(file, into)
    there = file.stat()
    with contextlib.suppress(PermissionError):
        os.chown(into, there.st_uid, there.st_gid)


def _make_folder(folder: Path, like: Path) -> None:
    if folder.exists():
        return
    _make_folder(folder.parent, like.parent)
    folder.mkdir()
    shutil.copystat(like, folder)


def _write_json(file: Path, content: Any) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps(content), encoding="utf-8")
