"""The files of the team's folder that go with a release, and the model that takes them from
copies."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidegate.errors import ConfigError, StackFileError
from tidegate.facts import ComposeModel
from tidegate.stack.bind_mounts import Written, bind_mounts, is_live, live_paths

MOST_BYTES = 256 << 20
"""Of all files of one deployment."""
_GIVEN = ("secrets", "configs")


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
            f"a copy of them goes with each release, and they have {size >> 20} MiB, "
            f"{MOST_BYTES >> 20} at most (the largest: "
            f"{', '.join(f'{name}, {sizes[name] >> 20} MiB' for name in largest)})",
            "Put large files into the image, or name their folder under `state.files` "
            "in stack.yaml: then they are data",
        )
