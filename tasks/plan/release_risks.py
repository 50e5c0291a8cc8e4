"""What a release does to services, as the files say it, and a person may not expect: ports that are
left out, two writers of one volume, tunnels past the edge, copies of files in use, data that no
volume keeps."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tasks.frame.open_environment import OpenEnvironment
from tasks.plan.findings import Finding, placed
from tidegate.proposal.data_folders import data_folders, is_kept
from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.known_images import CACHES, TUNNELS, engine_of, keeps_data
from tidegate.proposal.roles import made_from
from tidegate.stack.one_shots import one_shots
from tidegate.stack.own_volumes import own_volumes
from tidegate.stack.slot import used_volumes

Told = tuple[str, str]
"""What is so, with its path in the compose files, and what to do."""
_NOT_KEPT = (
    "Where HTTP is spoken there, say `routes` or `kept_ports` in stack.yaml. UDP and other "
    "protocols cannot be kept: what needs them lives once, in the base, or runs outside of this "
    "stack"
)
_ONE_AT_A_TIME = (
    "Where it does not (it locks its files, has jobs of its own, or copies its code there at the "
    "start), say `alone: true` for it in stack.yaml: then it is replaced in place, with an outage "
    "that the plan says"
)
_TLS = (
    "The edge speaks plain HTTP: let something before it end TLS, and this service answer pages "
    "by HTTP: `tidegate docs operations`, Behind something that ends TLS"
)


def release_risks(env: OpenEnvironment) -> Iterator[Finding]:
    model = env.model()
    services: Mapping[str, Any] = model["services"]
    released = [name for name in env.released if name in services]
    routed = {(one.service.name, one.port) for one in env.routed}
    doors = routed | {(line.service, port) for line, port in env.kept_ports}
    beside = [one for one in released if one not in env.alone | env.jobs]
    foreign = [
        one.name
        for one in env.stack.services
        if one.name in beside
        and not services[one.name].get("build")
        and (one.image is None or env.stack.source is None)
    ]
    data = {os.path.normpath(env.stack.folder / path): path for path in env.stack.state.files}
    base = [name for name in services if name not in released]
    files = [env.stack.folder / file for file in env.config.compose_files]
    for text, to_do in (
        *left_ports(services, released, doors),
        *two_writers(services, foreign, {name for name, _ in routed}, data),
        *past_the_edge(services, released),
        *copied_in_use(services, base, env.stack.state.volumes),
        *_kept_nowhere(env, base),
    ):
        doing = "looking what a release does to the services"
        yield placed(Finding("risk", env.stack.name, env.name, doing, text, to_do), files)


def _kept_nowhere(env: OpenEnvironment, base: Collection[str]) -> Iterator[Told]:
    """Not of jobs, and not in development."""
    if env.config.kind != "development":
        model, databases = env.model(), env.stack.databases
        engines = {one.service: one.engine for one in databases if one.service}
        servers = {*base} - one_shots(model, engines)
        yield from kept_nowhere(model["services"], sorted(servers), engines)


def left_ports(
    services: Mapping[str, Any], released: Collection[str], doors: Collection[tuple[str, int]]
) -> Iterator[Told]:
    """Ports of the host that nobody answers at any more; `doors` are the ports inside to which the
    edge or a kept port leads."""
    for name in released:
        lost = [
            one
            for one in services[name].get("ports") or ()
            if one.get("protocol", "tcp") != "tcp" or (name, int(one["target"])) not in doors
        ]
        for said, to_do in (
            ([_shown(one) for one in lost if not _is_tls(one)], _NOT_KEPT),
            ([_shown(one) for one in lost if _is_tls(one)], _TLS),
        ):
            if said:
                ports = f"port {said[0]} is" if len(said) == 1 else f"ports {', '.join(said)} are"
                yield (
                    f"services.{name}.ports: the {ports} left out, because two versions cannot "
                    "have one port of the host",
                    to_do,
                )


def _is_tls(port: Mapping[str, Any]) -> bool:
    """Also of HTTP/3, which is UDP."""
    return "443" in (str(port["target"]), str(port.get("published")))


def two_writers(
    services: Mapping[str, Any],
    foreign: Collection[str],
    routed: Collection[str] = (),
    data: Mapping[str, str] = {},
) -> Iterator[Told]:
    """Of images that nobody builds here: nobody knows whether two of them may share a volume. What
    is `routed` cannot live in the base; `data` are folders of the host, and how the stack file
    calls them."""
    for name in foreign:
        if volumes := own_volumes(services, name, data):
            shown = ", ".join(data.get(one, one) for one in volumes)
            yield (
                f"services.{name}.volumes: two of it write into {shown} while a "
                "release runs, and nobody knows whether its image allows that",
                _ONE_AT_A_TIME
                if name in routed
                else "Where it keeps data, take it out of `services` in stack.yaml: then it lives "
                "once. Or say `alone: true`",
            )


def past_the_edge(services: Mapping[str, Any], released: Collection[str]) -> Iterator[Told]:
    for name in released:
        if TUNNELS.search(_image(services[name])):
            yield (
                f"services.{name}.image: a tunnel that is released leads the public to its own "
                "version, past the edge and before the checks have passed",
                f"Say `left_out: [{name}]` in stack.yaml, and run one that leads to the edge",
            )


def copied_in_use(
    services: Mapping[str, Any], base: Collection[str], saved: Collection[str]
) -> Iterator[Told]:
    """Volumes of servers that Tidegate has no dump of; `saved` are those of `state`."""
    for name in base:
        image = _image(services[name])
        copied = [one for one in used_volumes({"services": services}, [name]) if one in saved]
        if copied and keeps_data(image) and not engine_of(image) and not CACHES.search(image):
            yield (
                f"services.{name}.volumes: {', '.join(copied)} is copied while the server writes, "
                "and a server may not be able to open such a copy",
                "Let a job of your own dump it into a folder under `state.files`: "
                "`tidegate docs operations`, MongoDB",
            )


def kept_nowhere(
    services: Mapping[str, Any], base: Collection[str], engines: Mapping[str, str]
) -> Iterator[Told]:
    """Databases and brokers whose data is in a volume that has no name; what says `tmpfs:` for it
    wants to lose it. `engines` are those that the stack file names, by service."""
    for name in base:
        service = services[name]
        folders = data_folders(service, _image(service), engines.get(name, ""))
        mounts = [str(one).partition(":")[0] for one in service.get("tmpfs") or ()] + [
            str(one.get("target"))
            for one in service.get("volumes") or ()
            if one.get("source") or one.get("type") == "tmpfs"
        ]
        if folders and not is_kept(folders, mounts) and not service.get("volumes_from"):
            places = " or ".join(one.to_mount for one in folders)
            yield (
                f"services.{name}: no volume that has a name keeps {places}, where its data lies: "
                "after `docker compose down` it begins without them",
                "Mount one there, by its `volumes:`. Where it runs already, its data is in the "
                "container, or in a volume without a name that `docker inspect` shows: copy it "
                "first",
            )


def _image(service: Mapping[str, Any]) -> str:
    return made_from(service, Dockerfile())


def _shown(port: Mapping[str, Any]) -> str:
    """222, or 51820/udp."""
    protocol = port.get("protocol", "tcp")
    number = str(port.get("published") or port["target"])
    return number if protocol == "tcp" else f"{number}/{protocol}"
