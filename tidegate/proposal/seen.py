"""What was seen and no file decides: proposed as comments, for a person to take."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.doors import page_of, ports_of
from tidegate.proposal.look import Look
from tidegate.proposal.roles import command_of, is_built, made_from

_TOOLS = {
    "alembic.ini": "alembic",
    "manage.py": "django",
    "bin/rails": "rails",
    "prisma/schema.prisma": "prisma",
    "flyway.conf": "flyway",
    "flyway.toml": "flyway",
}
"""By what lies in the folder where each tool is called."""
_DOOR = re.compile(
    r"(?:^|[-_.])(api|backend|server|graphql|ws|websocket|streaming|socket)(?:[-_.]|\Z)"
)
_WORKER = re.compile(r"worker|job|queue|cron|beat|scheduler|async|celery|sidekiq")
_API = ("backend", "server")
_REDIS = re.compile(r"(?:^|/)redis(?:[-_.:@]|\Z)")
_PASSWORD = re.compile(r"--requirepass\s+[\"']?\$\{?(\w+)")


def other_doors(look: Look, services: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Released service -> port and ready path, of those to which browsers may come too. The first
    of `services` is behind the edge."""
    found = {}
    for name in services[1:]:
        service, file = look.model["services"][name], look.dockerfiles.get(name, Dockerfile())
        ports = ports_of(service, file)
        if ports and not _WORKER.search(name) and (service.get("ports") or _DOOR.search(name)):
            port, path = page_of(service, file) or (0, "/")
            found[name] = (ports[0], path if port == ports[0] else "/")
    return found


def route_hints(edge: str, doors: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    if not doors:
        return
    seen = ", ".join(f"{name} ({port})" for name, (port, _) in doors.items())
    yield f"# Seen: {seen}. Where browsers come to them too, each has a path, and sees it whole:"
    lines = [f"{{path: /, service: {edge}}}"]
    taken: set[str] = set()
    for name, (port, ready) in doors.items():
        path = _own_path(name) if _path(name) in taken else _path(name)
        taken.add(path)
        lines.append(f"{{path: {path}, service: {name}, port: {port}, ready_path: {ready}}}")
    yield f"# routes: [{', '.join(lines)}]"


def migration_hints(look: Look, services: Sequence[str], database: str) -> Iterator[str]:
    """For each tool whose files lie where a released image is built from, at most one line: of a
    service that listens, such as `web`, before one of its workers."""
    seen: set[str] = set()
    for name in sorted(services, key=lambda one: not _listens(look, one)):
        service = look.model["services"][name]
        context = str((service.get("build") or {}).get("context", ""))
        if not is_built(service) or not context.startswith("/"):
            continue
        for file, tool in _TOOLS.items():
            place = _nearest(look, context, file)
            if place is None or tool in seen:
                continue
            seen.add(tool)
            folder = _in_image(look.dockerfiles.get(name, Dockerfile()).workdir, place)
            path = posixpath.normpath(posixpath.join(place, file))
            yield f"# Seen: {path}. To let a release move the schema, after a backup:"
            said = f"tool: {tool}, service: {name}, database: {database}, directory: {folder}"
            yield f"# migrations: [{{{said}}}]"


def _listens(look: Look, name: str) -> bool:
    service = look.model["services"][name]
    return bool(service.get("ports") or service.get("expose"))


def redis_hints(look: Look, services: Sequence[str]) -> Iterator[str]:
    """For each Redis among `services` whose data are kept: nobody but the team knows whether it is
    a cache."""
    for name in services:
        service = look.model["services"][name]
        image = made_from(service, look.dockerfiles.get(name, Dockerfile()))
        if not _REDIS.search(image) or not service.get("volumes"):
            continue
        yield f"# Seen: {name} keeps its data. Unless it is only a cache, add it to `databases` and"
        yield "# its name to `state.databases`, so that it is saved before each release:"
        password = _PASSWORD.search(command_of(service))
        key = f", password_key: {password[1]}" if password else ""
        own = re.sub(r"[^a-z0-9-]", "-", name.lower())
        yield f"#   - {{name: {own}, engine: redis, service: {name}{key}}}"


def _in_image(workdir: str, place: str) -> str:
    """Where a folder of the context probably is: an image that works in `/app/src` has `src`
    there."""
    path = posixpath.normpath(place)
    if path == "." or workdir.endswith(f"/{path}"):
        return workdir
    return posixpath.join(workdir, path)


def _nearest(look: Look, context: str, file: str) -> str | None:
    """The folder in a build's context that has `file`: the outermost."""
    inside = (
        str(PurePosixPath(one).relative_to(context))
        for one in look.repository.tracked
        if one.endswith(f"/{file}") and PurePosixPath(one).is_relative_to(context)
    )
    found = sorted(
        (one.removesuffix(file) or "." for one in inside), key=lambda one: (one.count("/"), one)
    )
    return found[0] if found else None


def _path(name: str) -> str:
    found = _DOOR.search(name)
    if not found:
        return _own_path(name)
    return "/api" if found[1] in _API else f"/{found[1]}"


def _own_path(name: str) -> str:
    """By its whole name, which no other service has."""
    return "/" + re.sub(r"[^a-z0-9-]", "-", name.lower())
