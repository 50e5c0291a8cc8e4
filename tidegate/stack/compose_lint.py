"""What in a team's compose files would make a release untrue: images that move, code mounted over
the image, twins."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.bind_mounts import Written, bind_mounts, is_inside, live_paths, shown
from tidegate.stack.environments import Kind
from tidegate.stack.names import link_faults, taken_in_slots, twofold_names
from tidegate.stack.recipes import only_built
from tidegate.stack.slot import base_services, singleton_reasons
from tidegate.stack.swarm_only import swarm_faults

_CODE = frozenset(
    {
        ".py",
        ".js",
        ".mjs",
        ".ts",
        ".tsx",
        ".jsx",
        ".vue",
        ".php",
        ".rb",
        ".go",
        ".java",
        ".sh",
        ".sql",
    }
)


@dataclass(frozen=True)
class TeamFiles:
    """What a team's folder has for its containers."""

    folder: Path = Path()
    written: Sequence[Written] = ()
    """What the stack file names because containers write into it."""
    mounted: Collection[str] = ()
    """Every file that is mounted from the folder, by its path inside."""


def lint_model(
    model: ComposeModel,
    released: Sequence[str],
    kind: Kind,
    files: TeamFiles = TeamFiles(),
    unbuilt: Sequence[str] = (),
    *,
    has_source: bool = False,
) -> list[str]:
    """Every fault with its path. A released service's own image says nothing: it is replaced by a
    pin. Only those that are `unbuilt` have it, at the digest that it has when they are released.
    `has_source` says that there is a repository, from which a base service can be built.

    In development only what cannot work is a fault: hot reload needs its bind mounts.
    """
    faults = [
        f"services.{name}: is not in the compose files"
        for name in released
        if name not in model["services"]
    ]
    known = [name for name in released if name in model["services"]]
    faults += _structure_faults(model, known, has_source=has_source)
    if kind != "development":
        foreign = {name for name in unbuilt if name in known and _is_foreign(model, name)}
        faults += [
            fault for name in known for fault in _mount_faults(model, name, files, name in foreign)
        ]
        faults += [
            f"services.{reason}, so it cannot run beside the version that serves; "
            "give it networks in its place, or take it out of `services` in stack.yaml"
            for reason in singleton_reasons(model, known)
        ]
    if kind == "production":
        named = [*base_services(model, released), *(name for name in known if name in unbuilt)]
        faults += [
            fault for name in named for fault in _image_faults(name, model["services"][name])
        ]
    return faults


def _structure_faults(
    model: ComposeModel, released: Sequence[str], *, has_source: bool
) -> Iterator[str]:
    for name in base_services(model, released):
        service = model["services"][name]
        if only_built(service) and not has_source:
            yield (
                f"services.{name}.build: there is no repository to build it from; say `source` in "
                "stack.yaml, or build it yourself and name it, also in a compose file of your own: "
                f"`services: {{{name}: {{image: {name}:1}}}}`"
            )
        yield from (
            f"services.{name}.depends_on.{other}: is released and may change; if {name} keeps "
            f"no data, release it too (`- name: {name}` under `services` in stack.yaml), "
            f"or reach {other} through the edge"
            for other in service.get("depends_on", {})
            if other in released
        )
    for name in released:
        service = model["services"][name]
        yield from (
            f"services.{name}.{key}: ties the container to another one; use a network"
            for key in ("volumes_from", "ipc", "pid")
            if _is_tie(service.get(key))
        )
    yield from (
        *swarm_faults(model),
        *link_faults(model, released),
        *taken_in_slots(model, released),
        *twofold_names(model, released),
    )


def _is_tie(value: object) -> bool:
    return isinstance(value, list) or (
        isinstance(value, str) and value.startswith(("service:", "container:"))
    )


def _image_faults(name: str, service: Mapping[str, Any]) -> Iterator[str]:
    image = service.get("image")
    if image is None or "@sha256:" in image or only_built(service):
        return
    folder, slash, last = image.rpartition("/")
    plain, _, tag = last.partition(":")
    if tag in ("", "latest"):
        must = "not be latest" if tag else "have a tag or digest"
        says = f"`services: {{{name}: {{image: '{folder}{slash}{plain}:TAG'}}}}`"
        yield (
            f'services.{name}.image: must {must} in production (got "{image}"); '
            f"where that file must stay as it is, say it in a compose file of your own: {says}"
        )


def _is_foreign(model: ComposeModel, name: str) -> bool:
    """Whether no service of the compose files builds its image."""
    services = model["services"]
    image = services[name].get("image")
    return not any(one.get("build") and one.get("image") == image for one in services.values())


def _mount_faults(
    model: ComposeModel, name: str, files: TeamFiles, is_foreign: bool
) -> Iterator[str]:
    """P46: a bind mount over code makes the image, and so the release and its way back, say
    nothing. A foreign image has none of the source: what is mounted there belongs to the
    release."""
    contexts = list(_contexts(model))
    for mount in bind_mounts(model["services"][name]):
        target = mount["target"]
        if fault := _over_code(mount, contexts, files, is_foreign):
            yield (
                f"services.{name}.volumes: {target} {fault}. To leave the mount out: "
                f"`not_mounted: [{target}]` under {name} in stack.yaml"
            )
        elif fault := _unnamed(model, mount, files):
            yield f"services.{name}.volumes: {target} {fault}"


def _contexts(model: ComposeModel) -> Iterator[str]:
    """Local folders that images are built from; a context can also be an address of a git
    repository."""
    for service in model["services"].values():
        context = (service.get("build") or {}).get("context", "")
        if context.startswith("/"):
            yield context


def _over_code(
    mount: Mapping[str, Any], contexts: Sequence[str], files: TeamFiles, is_foreign: bool
) -> str | None:
    source = str(mount["source"])
    if any(is_inside(context, source) for context in contexts):
        return "is mounted from a folder that holds the source: it hides what is in the image"
    if not mount.get("read_only") or any(is_inside(source, one.path) for one in files.written):
        return None
    is_source = any(is_inside(source, context) for context in contexts)
    if is_source and not is_foreign and not _is_configuration(source, files):
        return "is mounted from the source: it hides what is in the image"
    return None


def _unnamed(model: ComposeModel, mount: Mapping[str, Any], files: TeamFiles) -> str | None:
    """Why it is neither a part of the release nor data that are saved."""
    source, named = str(mount["source"]), [one.path for one in files.written]
    if any(is_inside(source, path) for path in named) or source.endswith(".sock"):
        return None  # a socket is no data; whether it may be given is asked elsewhere
    here = shown(source, files.folder)
    if not mount.get("read_only"):
        return (
            "is a writable bind mount, and stack.yaml does not say what it is for. "
            f"To have it saved and restored: {_to_save(here)}. If it may be lost: "
            f"`state: {{scratch: [{{path: {here}, reason: ...}}]}}`. "
            f"If it is only read: `state: {{read_only: [{here}]}}`"
        )
    for path in sorted(live_paths(model, files.written)):
        written = shown(path, files.folder)
        if is_inside(source, path):
            return (
                f"is only read here, but {written} is written by another container: "
                f"to share it, {_to_save(written)}"
            )
        if is_inside(path, source):
            return (
                f"holds {written}, which containers write: mount what is only read "
                f"by itself, or name all of it, {_to_save(here)}"
            )
    return None


def _to_save(path: str) -> str:
    return f"`state: {{files: [{path}]}}`"


def _is_configuration(source: str, files: TeamFiles) -> bool:
    """By names only: `app.conf` is configuration, `main.py` is code, and so is a folder that holds
    code or nothing."""
    path = PurePosixPath(source)
    if not path.is_relative_to(files.folder):
        return _is_config_file(path)
    name = path.relative_to(files.folder).as_posix()
    inside = [PurePosixPath(one) for one in files.mounted if one.startswith(f"{name}/")]
    return all(one.suffix not in _CODE for one in inside) if inside else _is_config_file(path)


def _is_config_file(path: PurePosixPath) -> bool:
    return path.name == "Caddyfile" or (bool(path.suffix) and path.suffix not in _CODE)
