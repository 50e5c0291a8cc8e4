"""Compose settings by which a container gets hold of its host, or of what is not its stack's: each
needs a word of the team.

What is known to be harmless is listed in `compose_settings`; everything else needs a reason, also
what Compose will learn tomorrow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.compose_settings import (
    HARMLESS_BUILD_KEYS,
    HARMLESS_CAPABILITIES,
    HARMLESS_KEYS,
    HARMLESS_SECURITY_OPTIONS,
    HARMLESS_SYSCTLS,
    LAN_DRIVERS,
    LOOKED_AT_KEYS,
    NAMESPACES,
    NETWORK_SHARES,
)
from tidegate.stack.file import Allowed, HostSetting
from tidegate.stack.host_paths import HostPaths

Service = Mapping[str, Any]
Found = Iterator[tuple[HostSetting, str]]

_OF_A_PROJECT = re.compile(r"([a-z0-9][a-z0-9-]*?)(?:-[0-9]+)?_.+")
"""How Compose names networks and volumes of a base or a slot."""


@dataclass(frozen=True)
class Danger:
    """One setting of one service that reaches beyond its containers."""

    service: str
    setting: HostSetting
    detail: str
    """The key of the compose file, and what it says."""
    reason: str = ""
    """The team's own, from the stack file; empty where it gave none."""

    @property
    def text(self) -> str:
        return f"services.{self.service}.{self.detail}"


def dangers(
    model: ComposeModel, paths: HostPaths, allowed: Sequence[Allowed] = ()
) -> tuple[Danger, ...]:
    """All there are, by service; with the reason of those that the stack file allows."""
    reasons = {(one.service, one.setting): one.reason for one in allowed if one.service}
    return tuple(
        Danger(name, setting, detail, reasons.get((name, setting), ""))
        for name in sorted(model["services"])
        for look in _LOOKS
        for setting, detail in look(model["services"][name], model, paths)
    )


def refusals(found: Sequence[Danger]) -> list[str]:
    """One text for each that nobody has given a reason for."""
    return [
        f"{one.text}: allow it in stack.yaml with a reason, or take it out (setting: {one.setting})"
        for one in found
        if not one.reason
    ]


def _namespaces(service: Service, model: ComposeModel, paths: HostPaths) -> Found:
    for key, (setting, own) in NAMESPACES.items():
        value = str(service.get(key) or "")
        if value and value not in own and not value.startswith("service:"):
            yield setting, f"{key}: {value}"
    if service.get("cgroup_parent"):
        yield "host-cgroup", f"cgroup_parent: {service['cgroup_parent']}"
    for key in service.get("networks") or {}:
        network = model.get("networks", {}).get(key) or {}
        if network.get("driver") in LAN_DRIVERS or network.get("name") == "host":
            yield (
                "host-network",
                f"networks.{key}: its driver is {network.get('driver') or 'that of the host'}",
            )


def _privileges(service: Service, model: ComposeModel, paths: HostPaths) -> Found:
    if service.get("privileged"):
        yield "privileged", "privileged: true"
    yield from (
        ("privileged", f"{hook}: runs a command as privileged")
        for hook in ("post_start", "pre_stop")
        for one in service.get(hook) or ()
        if one.get("privileged")
    )
    for capability in service.get("cap_add") or ():
        if str(capability).upper().removeprefix("CAP_") not in HARMLESS_CAPABILITIES:
            yield "capabilities", f"cap_add: {capability}"
    yield from (
        ("security-options", f"security_opt: {option}")
        for option in service.get("security_opt") or ()
        if str(option).lower() not in HARMLESS_SECURITY_OPTIONS
    )
    if (runtime := service.get("runtime") or "runc") != "runc":
        yield "runtime", f"runtime: {runtime}"
    sysctls = service.get("sysctls") or {}
    yield from (
        ("sysctls", f"sysctls: {name}")
        for name in sysctls
        if not str(name).startswith(HARMLESS_SYSCTLS)
    )
    if service.get("oom_kill_disable"):
        yield "host-memory", "oom_kill_disable: true"
    if (score := int(service.get("oom_score_adj") or 0)) < 0:
        yield "host-memory", f"oom_score_adj: {score}: others of the host are ended before it"


def _devices(service: Service, model: ComposeModel, paths: HostPaths) -> Found:
    for device in service.get("devices") or ():
        yield (
            "devices",
            f"devices: {device.get('source', device) if isinstance(device, Mapping) else device}",
        )
    yield from (
        ("devices", f"device_cgroup_rules: {rule}")
        for rule in service.get("device_cgroup_rules") or ()
    )
    reserved = (
        ((service.get("deploy") or {}).get("resources") or {}).get("reservations") or {}
    ).get("devices") or ()
    for device in reserved:
        if set(device.get("capabilities") or ()) - {
            "gpu",
            "compute",
            "utility",
            "video",
            "graphics",
        }:
            yield (
                "devices",
                f"deploy.resources.reservations.devices: {', '.join(device['capabilities'])}",
            )


def _mounts(service: Service, model: ComposeModel, paths: HostPaths) -> Found:
    if service.get("use_api_socket"):
        yield "engine-socket", "use_api_socket: true"
    yield from (
        ("volumes-from", f"volumes_from: {source}")
        for source in service.get("volumes_from") or ()
        if str(source).startswith("container:")
    )
    for mount in service.get("volumes") or ():
        yield from _mount(mount, model, paths)


def _mount(mount: Mapping[str, Any], model: ComposeModel, paths: HostPaths) -> Found:
    match mount["type"]:
        case "bind":
            yield from _bind(
                f"volumes: {mount['target']}",
                str(mount["source"]),
                bool(mount.get("read_only")),
                paths,
            )
            propagation = (mount.get("bind") or {}).get("propagation", "")
            if propagation not in ("", "private", "rprivate"):
                yield "host-files", f"volumes: {mount['target']} passes mounts on ({propagation})"
        case "volume":
            yield from _volume(
                mount, (model.get("volumes", {}).get(mount.get("source")) or {}), paths
            )
        case "tmpfs" | "image":
            return
        case other:
            yield "host-files", f"volumes: {mount.get('target')} is of the type {other}"


def _neighbours(service: Service, model: ComposeModel, paths: HostPaths) -> Found:
    """Where another environment's databases are reached, and where its data lie."""
    used = [("networks", key) for key in service.get("networks") or {}]
    used += [
        ("volumes", mount.get("source"))
        for mount in service.get("volumes") or ()
        if mount["type"] == "volume"
    ]
    for kind, key in used:
        name = str((model.get(kind, {}).get(key) or {}).get("name", ""))
        found = _OF_A_PROJECT.fullmatch(name)
        if found and found[1] in paths.projects and found[1] != model.get("name"):
            yield "other-environment", f"{kind}.{key}: {name} belongs to {found[1]}"


def _bind(where: str, source: str, read_only: bool, paths: HostPaths) -> Found:
    how = "read-only" if read_only else "writable"
    if paths.is_socket(source):
        yield "engine-socket", f"{where} is the socket {source} ({how})"
    elif why := paths.gives_away(source, read_only=read_only):
        yield "host-files", f"{where}: {why} ({how})"


def _volume(mount: Mapping[str, Any], volume: Mapping[str, Any], paths: HostPaths) -> Found:
    """A named volume of the local driver can be any folder or disk of the host."""
    options = {str(key): str(value) for key, value in (volume.get("driver_opts") or {}).items()}
    words, device = (
        {word.strip() for word in options.get("o", "").lower().split(",")},
        options.get("device", ""),
    )
    where = f"volumes: {mount['target']} (volume {mount.get('source', 'without a name')})"
    is_bind = bool(words & {"bind", "rbind"})
    # whatever its type says: the engine then looks at the folder alone
    if device.startswith("/") and is_bind:
        yield from _bind(where, device, "ro" in words or bool(mount.get("read_only")), paths)
    elif (driver := volume.get("driver") or "local") != "local":
        yield "host-files", f"{where}: its driver is {driver}"
    elif options and (is_bind or options.get("type") not in NETWORK_SHARES):
        yield (
            "host-files",
            f"{where} is mounted with "
            f"{', '.join(f'{key}={value}' for key, value in sorted(options.items()))}",
        )


def _files(service: Service, model: ComposeModel, paths: HostPaths) -> Found:
    """The content of a config, a secret or an env file goes into the container, wherever the file
    lies."""
    for kind in ("configs", "secrets"):
        for one in service.get(kind) or ():
            key = one if isinstance(one, str) else one.get("source")
            file = (model.get(kind, {}).get(key) or {}).get("file")
            if file and (why := _foreign(str(file), paths)):
                yield "host-files", f"{kind}.{key}: {why}"

    yield from (
        ("host-files", f"env_file: {why}")
        for file in service.get("env_file") or ()
        if (why := _foreign(file, paths))
    )


def _foreign(file: str, paths: HostPaths) -> str | None:
    if "$" in file:
        return f"{file} can lie anywhere"
    real = os.path.realpath(paths.own / file)
    return (
        None
        if PurePosixPath(real).is_relative_to(os.path.realpath(paths.own))
        else f"{file} lies outside the stack's folder"
    )


def _build(service: Service, model: ComposeModel, paths: HostPaths) -> Found:
    build = service.get("build") or {}
    yield from (
        ("build-privileges", f"build.{key}: {_short(value)}")
        for key, value in build.items()
        if key not in HARMLESS_BUILD_KEYS and value
    )
    if build.get("network", "default") not in ("", "default", "none"):
        yield "build-privileges", f"build.network: {build['network']}"


def _unknown(service: Service, model: ComposeModel, paths: HostPaths) -> Found:
    known = HARMLESS_KEYS | LOOKED_AT_KEYS
    yield from (
        ("unknown-setting", f"{key}: Tidegate does not know what it gives away")
        for key, value in service.items()
        if key not in known and not key.startswith("x-") and value
    )


def _short(value: object) -> str:
    shown = value if isinstance(value, list) else [value]
    return ", ".join(str(one["source"] if isinstance(one, Mapping) else one) for one in shown)


_LOOKS: tuple[Callable[[Service, ComposeModel, HostPaths], Found], ...] = (
    _privileges,
    _namespaces,
    _neighbours,
    _devices,
    _mounts,
    _files,
    _build,
    _unknown,
)
