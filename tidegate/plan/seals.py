"""What was planned, kept for whoever goes on with it: the stack file, env values, compose model and
files, as they were read.

They hold secrets, so they lie in a folder that only the owner can enter, and go when nothing can
need them any more.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidegate.errors import ConfigError, StackFileError
from tidegate.facts import ComposeModel
from tidegate.stack.bind_mounts import Written, bind_mounts, is_live, live_paths
from tidegate.stack.file import Stack

MOST_BYTES = 256 << 20
"""Of all files of one deployment."""
_GIVEN = ("secrets", "configs")


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


def files_of(
    model: ComposeModel, folder: Path, services: Collection[str], written: Sequence[Written] = ()
) -> dict[str, Path]:
    """Name -> path of each file that `services` are given from the team's folder, and of every
    secret and config file.

    What containers write is not among them, nor what is `written` as the stack file says. A name is
    the path inside the folder; `outside/...` for a secret or config that lies elsewhere. A path
    that is a link stands for the link: it is copied as one. Raises StackFileError for links that
    lead out of the folder that is mounted.
    """
    found: dict[str, Path] = {}
    for source in _sources(model, folder, services, live_paths(model, written)):
        if source.is_file():
            found[_name(source, folder)] = source.resolve()
        elif source.is_dir():
            found |= {_name(file, folder): file for file in _files_in(source, folder)}
    return dict(sorted(found.items()))


def content_hash(file: Path) -> str:
    """SHA-256 of a file, or of where a link leads; 64 hex digits. Raises ConfigError when it cannot
    be read."""
    if file.is_symlink():
        return hashlib.sha256(f"link to {file.readlink()}".encode()).hexdigest()
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(
            f"reading {file.name}", f"it cannot be read ({error.strerror})", "Correct its mode"
        ) from None


def with_copies(
    model: ComposeModel, folder: Path, copies: Path, written: Sequence[Written] = ()
) -> ComposeModel:
    """The model with every file of the team's folder that was sealed taken from `copies`; what is
    written stays shared.

    A folder that was empty, or not there, is the same in `copies`: what is put into it later was
    not planned.
    """

    live = live_paths(model, written)

    def moved(path: str) -> str:
        copy = copies / _name(Path(path), folder)
        return str(copy) if copy.exists() else path

    def mounted(path: str) -> str:
        return moved(path) if _is_special(Path(path)) else str(copies / _name(Path(path), folder))

    def mounts(service: Mapping[str, Any]) -> list[Any]:
        return [
            {**mount, "source": mounted(mount["source"])}
            if _is_sealed(mount, folder, live)
            else mount
            for mount in service["volumes"]
        ]

    def given(one: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**one, "file": moved(one["file"])} if "file" in one else one

    moved_model = dict(model)
    moved_model["services"] = {
        name: {**service, "volumes": mounts(service)} if service.get("volumes") else service
        for name, service in model["services"].items()
    }
    for part in _GIVEN:
        if part in model:
            moved_model[part] = {name: given(one) for name, one in model[part].items()}
    return moved_model


def copy_of(file: Path, folder: Path, copies: Path) -> Path:
    """Where the copy of a file of the team's folder lies, if there is one."""
    return copies / _name(file, folder)


def secret_files(model: ComposeModel) -> dict[str, str]:
    """What stands in the files that compose gives to the containers as `secrets:`, as far as they
    are there."""
    files = {
        name: Path(one["file"])
        for name, one in (model.get("secrets") or {}).items()
        if "file" in one
    }
    return {
        f"secrets.{name}": file.read_text(errors="replace")
        for name, file in files.items()
        if file.is_file()
    }


def _sources(
    model: ComposeModel, folder: Path, services: Collection[str], live: Collection[str]
) -> Iterator[Path]:
    for name in services:
        yield from (
            Path(mount["source"])
            for mount in bind_mounts(model["services"].get(name, {}))
            if _is_sealed(mount, folder, live)
        )
    for part in _GIVEN:
        yield from (Path(one["file"]) for one in (model.get(part) or {}).values() if "file" in one)


def _is_sealed(mount: Mapping[str, Any], folder: Path, live: Collection[str]) -> bool:
    inside = mount["type"] == "bind" and Path(mount["source"]).is_relative_to(folder)
    return inside and not is_live(mount["source"], live)


def _is_special(path: Path) -> bool:
    """A socket, a pipe: nothing that could be copied."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _files_in(source: Path, folder: Path) -> Iterator[Path]:
    """Its files and links; no link is followed, because what it leads to is in here too. Sockets
    and pipes have no content."""
    root = Path(os.path.realpath(source))
    if not root.is_relative_to(folder):
        raise _leads_out([_name(source, folder)])
    inside = [
        Path(where, name)
        for where, folders, names in os.walk(source)
        for name in (*folders, *names)
    ]
    links = [path for path in inside if path.is_symlink()]
    if out := [_name(link, folder) for link in links if not _stays_inside(link, source)]:
        raise _leads_out(sorted(out))
    yield from (path for path in inside if path.is_symlink() or path.is_file())


def _stays_inside(link: Path, source: Path) -> bool:
    """Whether a link leads by a relative path to a place in the mounted folder, there or not: also
    where that is a copy."""
    target, root = link.readlink(), os.path.realpath(source)
    steps_up, depth = (
        Path(os.path.normpath(target)).parts.count(".."),
        len(link.parent.relative_to(source).parts),
    )
    return (
        not target.is_absolute()
        and steps_up <= depth
        and Path(os.path.realpath(link)).is_relative_to(root)
    )


def _leads_out(names: list[str]) -> StackFileError:
    return StackFileError(
        "looking through the mounted folders",
        f"links lead out of them: {', '.join(names)}",
        "Put the content there, or use relative links that stay inside the mounted folder",
    )


def _name(file: Path, folder: Path) -> str:
    inside = file.is_relative_to(folder)
    return file.relative_to(folder).as_posix() if inside else f"outside{file.as_posix()}"


def refuse_too_large(files: Mapping[str, Path]) -> None:
    """Raises ConfigError, with the largest places, where all together are more than a release
    keeps."""
    sizes = {name: file.lstat().st_size for name, file in files.items()}
    if (size := sum(sizes.values())) > MOST_BYTES:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        raise ConfigError(
            "keeping the files of the team's folder",
            f"a copy of them goes with each release, and they have {size >> 20} MiB, {MOST_BYTES >> 20} at most (the "
            f"largest: {', '.join(f'{name}, {sizes[name] >> 20} MiB' for name in largest)})",
            "Put large files into the image, or name their folder under `state.files` in stack.yaml: then they are data",
        )


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
