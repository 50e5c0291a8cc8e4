"""Which paths of a host a team's containers may see unasked: the stack's own folder, and what
belongs to no program."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

SYSTEM = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/lost+found",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/snap",
    "/sys",
    "/tmp",
    "/usr",
    "/var",
)
HARMLESS = (
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    "/etc/ssl/certs",
    "/usr/share/ca-certificates",
    "/etc/pki/ca-trust/extracted",
)
"""Read-only: what each image has too."""
_SOCKETS = (
    "docker.sock",
    "containerd.sock",
    "podman.sock",
    "crio.sock",
    "buildkitd.sock",
    "dockershim.sock",
    "cri-dockerd.sock",
)


@dataclass(frozen=True)
class HostPaths:
    """`own` is the stack's folder; `kept` are Tidegate's own places, which hold every stack's
    secrets; `engine` is the engine's address; `projects` are the base projects of all environments.
    What a link leads to is judged as well as what is written."""

    own: Path
    kept: Sequence[Path] = ()
    engine: str = ""
    projects: Collection[str] = ()

    def is_socket(self, source: str) -> bool:
        """Whether the engine, or another one, can be spoken to by it."""
        written, real = _both(source)
        return (
            bool({written.name, real.name} & set(_SOCKETS))
            or real == self._engine_socket
            or _is_socket(source)
        )

    def gives_away(self, source: str, *, read_only: bool) -> str | None:
        """Why this path is the host's business; None where a container may have it."""
        written, real = _both(source)
        own = PurePosixPath(os.path.realpath(self.own))
        if real.is_relative_to(own):
            return self._kept_inside(own, real)
        shown = f"{written}" if written == real else f"{written}, which leads to {real},"
        if read_only and any(
            path.is_relative_to(known) for known in HARMLESS for path in (written, real)
        ):
            return None
        for path in (real, written):
            if any(path.is_relative_to(folder) for folder in SYSTEM) or path == PurePosixPath("/"):
                return f"{shown} belongs to the host"
            for kept in self.kept:
                place = PurePosixPath(os.path.realpath(kept))
                if path.is_relative_to(place) or place.is_relative_to(path):
                    return f"{shown} holds what Tidegate keeps of other stacks"
            if self._engine_socket and self._engine_socket.is_relative_to(path):
                return f"{shown} holds the engine's socket"
            if own.is_relative_to(path):
                return f"{shown} holds more than the stack's own folder"
        return None

    def _kept_inside(self, own: PurePosixPath, real: PurePosixPath) -> str | None:
        """Where an application's own repository is the team's folder, Tidegate's state lies in the
        stack's folder."""
        places = (PurePosixPath(os.path.realpath(kept)) for kept in self.kept)
        inside = [place for place in places if place != own and place.is_relative_to(own)]
        held = any(real.is_relative_to(place) or place.is_relative_to(real) for place in inside)
        return f"{real} holds what Tidegate keeps" if held else None

    @property
    def _engine_socket(self) -> PurePosixPath | None:
        path = self.engine.removeprefix("unix://")
        return PurePosixPath(os.path.realpath(path)) if path != self.engine else None


def _both(source: str) -> tuple[PurePosixPath, PurePosixPath]:
    """As written, without `..`, and as it is when every link in it is followed on this machine."""
    normal = "/" + os.path.normpath(source).lstrip("/")
    return PurePosixPath(normal), PurePosixPath(os.path.realpath(normal))


def _is_socket(source: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(source).st_mode)
    except (OSError, ValueError):
        return False
