"""The folder that the edge reads. Only Tidegate writes there, and Traefik is shown nothing else.

One file that Traefik cannot read makes it refuse every change of the whole folder, and after a
restart every route. So what is foreign or broken is set aside before each change, under a name that
Traefik does not read, and what was ours is put back from Tidegate's own copy.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegate.atomic_file import write_atomically
from tidegate.edge.facts import Route
from tidegate.edge.route_files import Routes, read_route
from tidegate.errors import EdgeError

OWN_FILE = "edge.yml"
"""The edge's ping, API and metrics. No route's file has this name: theirs have a `_`."""
_READ_BY_TRAEFIK = (".yml", ".yaml", ".toml")


@dataclass(frozen=True)
class EdgeFolder:
    """Reads, writes and mends the folder. Raises EdgeError for a file that is asked for and cannot
    be read."""

    path: Path

    @contextlib.contextmanager
    def locked(self, name: str = ".routes.lock") -> Iterator[None]:
        """One writer at a time on this machine: nobody comes between reading fences and owners, and
        writing."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def file(self, stack: str, environment: str) -> Path:
        return self.path / f"{stack}_{environment}.yml"

    def text(self, stack: str, environment: str) -> str | None:
        """A route's file; in place of a broken one, Tidegate's copy. None where there is none."""
        file = self.file(stack, environment)
        text = _good_text(file) or (
            _good_text(_copy_of(file)) if file.exists() or file.is_symlink() else None
        )
        if text is None:
            _refuse_broken(file)
        return text

    def routes(self) -> Routes:
        """The one place that reads all of them: a broken file hides no other."""
        found, faulty = list[Route](), list[str]()
        for file in self._seen_by_traefik():
            if file.name == OWN_FILE and file.parent == self.path:
                continue
            text = _good_text(file) if file.parent == self.path else None
            found += [read_route(text)] if text else []
            faulty += (
                []
                if text
                else [
                    f"{file.relative_to(self.path)} in the edge's folder "
                    "is not as Tidegate wrote it"
                ]
            )
        return Routes(found, faulty)

    def write(self, name: str, text: str) -> None:
        """The copy first: whatever is in place has one."""
        write_atomically(_copy_of(self.path / name), text)
        write_atomically(self.path / name, text)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)
        _copy_of(self.path / name).unlink(missing_ok=True)

    def mend(self) -> list[str]:
        """Set aside what Traefik would read and Tidegate did not write; put back what was ours. A
        sentence for each."""
        return [
            self._set_aside(file) for file in self._seen_by_traefik() if not self._is_good(file)
        ]

    def _is_good(self, file: Path) -> bool:
        if file.parent != self.path:
            return False
        return _is_copied(file) if file.name == OWN_FILE else _good_text(file) is not None

    def _set_aside(self, file: Path) -> str:
        shown = file.relative_to(self.path)
        names = (
            file.with_name(f"{file.name}.set-aside{number or ''}") for number in itertools.count()
        )
        aside = next(name for name in names if not name.exists() and not name.is_symlink())
        copy = _copy_of(file)
        has_copy = file.parent == self.path and (
            copy.exists() if file.name == OWN_FILE else _good_text(copy) is not None
        )
        if has_copy:
            _keep_as(file, aside)
            write_atomically(file, copy.read_text(encoding="utf-8"))
        else:
            file.rename(aside)
        return (
            f"{shown} in the edge's folder was not as Tidegate wrote it: it is now {aside.name}"
            + (", and Tidegate's copy is in its place" if has_copy else "")
        )

    def _seen_by_traefik(self) -> list[Path]:
        """It reads folders inside too."""
        return sorted(
            file
            for file in self.path.rglob("*")
            if file.name.lower().endswith(_READ_BY_TRAEFIK)
            and (file.is_symlink() or not file.is_dir())
        )


def _keep_as(file: Path, aside: Path) -> None:
    """Under both names for a moment: where Traefik found no route, its paths would be another
    stack's that shares the name."""
    try:
        os.link(file, aside, follow_symlinks=False)
    except OSError:  # a file system without such links
        file.rename(aside)


def _good_text(file: Path) -> str | None:
    """The content of a route's file, or of its copy, that says what its name says; None for
    anything else."""
    if file.is_symlink() or not file.is_file():
        return None
    try:
        text = file.read_text(encoding="utf-8")
        route = read_route(text)
    except (EdgeError, UnicodeDecodeError, OSError):
        return None
    name = f"{route.stack}_{route.environment}.yml"
    return text if file.name in (name, f".{name}.copy") else None


def _refuse_broken(file: Path) -> None:
    if file.exists() or file.is_symlink():
        raise EdgeError(
            f"reading {file.name} in the edge's folder",
            "it is not as Tidegate wrote it, and there is no copy",
            "Remove the file and release again; nothing edits it but Tidegate",
        )


def _is_copied(file: Path) -> bool:
    try:
        return not file.is_symlink() and file.read_bytes() == _copy_of(file).read_bytes()
    except OSError:
        return False


def _copy_of(file: Path) -> Path:
    return file.with_name(f".{file.name}.copy")
