"""What in a team's compose files would make a release untrue: images that move, code mounted over the image, twins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.environments import Kind
from tidegate.stack.names import link_faults, taken_in_slots, twofold_names
from tidegate.stack.slot import base_services, singleton_reasons

_CODE = frozenset({".py", ".js", ".mjs", ".ts", ".tsx", ".jsx", ".vue", ".php", ".rb", ".go", ".java", ".sh", ".sql"})


def lint_model(model: ComposeModel, released: Sequence[str], kind: Kind, unbuilt: Sequence[str] = ()) -> list[str]:
    """Every fault with its path. A released service's own image says nothing: it is replaced by a pin. Only those that are
    `unbuilt` have it, at the digest that it has when they are released.

    In development only what cannot work is a fault: hot reload needs its bind mounts.
    """
    faults = [f"services.{name}: is not in the compose files" for name in released if name not in model["services"]]
    known = [name for name in released if name in model["services"]]
    faults += _structure_faults(model, known)
    if kind != "development":
        faults += [fault for name in known for fault in _mount_faults(model, name)]
        faults += [f"services.{reason}, so it cannot run beside the version that serves"
                   for reason in singleton_reasons(model, known)]
    if kind == "production":
        named = [*base_services(model, released), *(name for name in known if name in unbuilt)]
        faults += [fault for name in named
                   for fault in _image_faults(name, model["services"][name])]
    return faults


def _structure_faults(model: ComposeModel, released: Sequence[str]) -> Iterator[str]:
    for name in base_services(model, released):
        service = model["services"][name]
        if "build" in service and not service.get("image"):
            yield (f"services.{name}.build: nothing is built for what lives once; give it an `image:`, which is "
                   "used as it is, or list it under `services` in stack.yaml")
        yield from (f"services.{name}.depends_on.{other}: is released and may change; if {name} keeps no data, release it too "
                    f"(`- name: {name}` under `services` in stack.yaml), or reach {other} through the edge"
                    for other in service.get("depends_on", {}) if other in released)
    for name in released:
        service = model["services"][name]
        yield from (f"services.{name}.{key}: ties the container to another one; use a network"
                    for key in ("volumes_from", "ipc", "pid") if _is_tie(service.get(key)))
    yield from (*link_faults(model, released), *taken_in_slots(model, released), *twofold_names(model, released))


def _is_tie(value: object) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and value.startswith(("service:", "container:")))


def _image_faults(name: str, service: Mapping[str, Any]) -> Iterator[str]:
    image = service.get("image")
    if image is None or "@sha256:" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag:
        yield f'services.{name}.image: must have a tag or digest in production (got "{image}")'
    elif tag == "latest":
        yield f'services.{name}.image: must not be latest in production (got "{image}")'


def _mount_faults(model: ComposeModel, name: str) -> Iterator[str]:
    """P46: a bind mount over code makes the image, and so the release and its way back, say nothing."""
    sources = [PurePosixPath(context) for context in _contexts(model)]
    for mount in model["services"][name].get("volumes", []):
        if mount["type"] == "bind" and (fault := _mount_fault(mount, sources)):
            yield f"services.{name}.volumes: {mount['target']} {fault}"


def _contexts(model: ComposeModel) -> Iterator[str]:
    """Local folders that images are built from; a context can also be an address of a git repository."""
    for service in model["services"].values():
        context = (service.get("build") or {}).get("context", "")
        if context.startswith("/"):
            yield context


def _mount_fault(mount: Mapping[str, Any], sources: Sequence[PurePosixPath]) -> str | None:
    source = PurePosixPath(mount["source"])
    if not mount.get("read_only"):
        return "is a writable bind mount: use a named volume, which is backed up"
    if any(context.is_relative_to(source) for context in sources):
        return "is mounted from a folder that holds the source: it hides what is in the image"
    if any(source.is_relative_to(context) for context in sources) and not _is_config_file(source):
        return "is mounted from the source: it hides what is in the image"
    return None


def _is_config_file(path: PurePosixPath) -> bool:
    """By name only: `app.conf` is configuration, `main.py` and a folder are code."""
    return bool(path.suffix) and path.suffix not in _CODE
