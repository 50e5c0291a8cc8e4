"""Containers of base services on one engine: made anew as the compose files say now, and made again
as they were, whoever had started them."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container

from blocks.docker.compose import Compose, fed
from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from blocks.docker.labelled import labelled
from tidegate.errors import ComposeError
from tidegate.facts import PROJECT_LABEL, SERVICE_LABEL, ComposeModel
from tidegate.plan.base_changes import KeptContainer
from tidegate.plan.occupancy import base_model
from tidegate.stack.base_builds import with_images

PUT_BACK_LABEL = "tidegate.put-back"
"""On a container that was made again as it was: by which change, so that it is made once."""
_AS_IT_IS = ("--no-build", "--pull", "never", "--no-deps")
_WITHOUT_NETWORKS = ("host", "none")
_STOP_SECONDS = 10
_SHORT_ID = 12  # digits
_ENDPOINT = ("Aliases", "IPAMConfig", "Links", "DriverOpts")


@dataclass(frozen=True)
class EngineBaseServices:
    """On one engine. Raises ComposeError, EngineError."""

    host: DockerHost
    compose: Compose

    def hashes(
        self, model: ComposeModel, project: str, images: Mapping[str, str]
    ) -> dict[str, frozenset[str]]:
        """What Compose would call each service of `model`: started by Tidegate, and by people.
        `images` are those of services that Tidegate has built; people let Compose name them."""
        wanted = (base_model(with_images(model, images), project, {}), model)
        with ThreadPoolExecutor(len(wanted)) as pool:  # each starts a program
            ours, theirs = pool.map(partial(self._hashes, project), wanted)
        return {name: frozenset({ours[name], theirs[name]}) for name in ours}

    def keep(self, containers: Collection[str]) -> list[KeptContainer]:
        """Everything by which these containers can be made again as they are, by id."""
        with engine_errors("reading how the base services were started"):
            return [_kept(self.host.client.api.inspect_container(one)) for one in containers]

    def recreate(self, model: ComposeModel, project: str, before: Mapping[str, str]) -> None:
        """Make the containers of some services anew, as `model` says. `before` is the id of each
        one that goes.

        Again: one that is new stays; of one that was cut short the rest is done. No volume is
        touched, and those that only the image asks for go over to the new container.
        """
        base = base_model(model, project, {})
        with engine_errors(f"looking at {project}"):
            old = [
                name for name, one in before.items() if self._forget_half_made(project, name, one)
            ]
        if old:
            self.compose.start_model(project, base, *_AS_IT_IS, "--force-recreate", *old)
        if new := [name for name in before if name not in old]:
            self.compose.start_model(project, base, *_AS_IT_IS, "--no-recreate", *new)

    def put_back(self, kept: Sequence[KeptContainer], key: str) -> None:
        """Have these containers run again as they were, and none in their place. `key` is on those
        that had to be made. Again: changes nothing."""
        with engine_errors("putting the base services of before back"):
            for one in kept:
                self._put_back(one, key)

    def _hashes(self, project: str, model: ComposeModel) -> dict[str, str]:
        """Whatever profile a service waits for."""
        services = {
            name: {part: value for part, value in service.items() if part != "profiles"}
            for name, service in model["services"].items()
        }
        doing = f"comparing the base services of {project} with the compose files"
        outcome = self.compose.command.run(
            *("-p", project, "-f", "-", "config", "--hash", "*"),
            doing=doing,
            stdin=fed({**model, "services": services}),
        )
        if outcome.exit_code != 0:
            said = self.compose.command.said(outcome)
            raise ComposeError(doing, said, "Correct what it names")
        return dict(line.split() for line in outcome.stdout.splitlines() if line.strip())

    def _forget_half_made(self, project: str, service: str, old: str) -> bool:
        """Whether the old container is still there. Then a new one beside it was cut short, and is
        removed."""
        there = self._there({PROJECT_LABEL: project, SERVICE_LABEL: service})
        if old not in {one.id for one in there}:
            return False
        for one in there:
            if one.id != old:
                one.remove(force=True, v=False)
        return True

    def _put_back(self, kept: KeptContainer, key: str) -> None:
        labels = kept["config"]["Labels"]
        there = self._there({name: labels[name] for name in (PROJECT_LABEL, SERVICE_LABEL)})
        mine = [one for one in there if _is_it(one, kept, key)]
        for other in there:
            if other not in mine:
                with contextlib.suppress(NotFound):
                    other.stop(timeout=kept["config"].get("StopTimeout") or _STOP_SECONDS)
                    other.remove(force=True, v=False)
        container = mine[0] if mine else self._make(kept, key)
        self._join(container, kept)
        container.start()

    def _make(self, kept: KeptContainer, key: str) -> Container:
        first = next(iter(_networks_of(kept).items()), None)
        config: Any = {
            **kept["config"],
            "Image": self._image(kept),
            "Labels": {**kept["config"]["Labels"], PUT_BACK_LABEL: key},
            "HostConfig": kept["host"],
            "NetworkingConfig": {"EndpointsConfig": dict([first]) if first else {}},
        }
        api: Any = self.host.client.api
        made = api.create_container_from_config(config, kept["name"])
        return self.host.client.containers.get(made["Id"])

    def _image(self, kept: KeptContainer) -> str:
        """By its name while that still means it, so that it is compared by it later; else by its
        id."""
        name, image = kept["config"]["Image"], kept["image"]
        with contextlib.suppress(ImageNotFound):
            if self.host.client.images.get(name).id == image:
                return str(name)
        return str(image)

    def _join(self, container: Container, kept: KeptContainer) -> None:
        """One that was made has its first network only."""
        joined = container.attrs["NetworkSettings"]["Networks"]
        for name, endpoint in _networks_of(kept).items():
            if name not in joined:
                own = endpoint.get("IPAMConfig") or {}
                self.host.client.networks.get(name).connect(
                    container,
                    aliases=endpoint.get("Aliases"),
                    links=endpoint.get("Links"),
                    ipv4_address=own.get("IPv4Address"),
                    ipv6_address=own.get("IPv6Address"),
                    driver_opt=endpoint.get("DriverOpts"),
                )

    def _there(self, labels: Mapping[str, str]) -> list[Container]:
        return labelled(self.host.client, labels)


def _is_it(one: Container, kept: KeptContainer, key: str) -> bool:
    return one.id == kept["id"] or one.labels.get(PUT_BACK_LABEL) == key


def _kept(attrs: Mapping[str, Any]) -> KeptContainer:
    """Of an answer of `docker inspect`. What the engine made up for this one container is left
    out: its host name, its addresses."""
    config, own = dict(attrs["Config"]), attrs["Id"]
    config.pop("MacAddress", None)
    if _is_short_id(config.get("Hostname"), own):
        del config["Hostname"]
    return {
        "id": attrs["Id"],
        "name": attrs["Name"].lstrip("/"),
        "image": attrs["Image"],
        "config": config,
        "host": _with_all_volumes(attrs),
        "networks": {
            name: _endpoint(endpoint, own)
            for name, endpoint in attrs["NetworkSettings"]["Networks"].items()
        },
    }


def _with_all_volumes(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """How its host was given to it, with the volumes that only its image asks for: by name, so that
    it gets the same ones again."""
    host = dict(attrs["HostConfig"])
    binds = list(host.get("Binds") or ())
    said = {bind.split(":")[1] for bind in binds} | {
        one["Target"] for one in host.get("Mounts") or ()
    }
    host["Binds"] = [*binds, *_unsaid(attrs["Mounts"], said)]
    return host


def _unsaid(mounts: Iterable[Mapping[str, Any]], said: Collection[str]) -> list[str]:
    return [
        f"{one['Name']}:{one['Destination']}"
        for one in mounts
        if one["Type"] == "volume" and one["Destination"] not in said
    ]


def _endpoint(endpoint: Mapping[str, Any], container: str) -> dict[str, Any]:
    """The engine gives each container its short id as an alias: a new one gets its own."""
    said = {part: endpoint[part] for part in _ENDPOINT if endpoint.get(part)}
    aliases = [one for one in said.get("Aliases", ()) if not _is_short_id(one, container)]
    return {**said, "Aliases": aliases}


def _is_short_id(name: str | None, container: str) -> bool:
    return bool(name) and len(str(name)) == _SHORT_ID and container.startswith(str(name))


def _networks_of(kept: KeptContainer) -> dict[str, dict[str, Any]]:
    mode = str(kept["host"].get("NetworkMode", ""))
    has_none = mode in _WITHOUT_NETWORKS or mode.startswith("container:")
    return {} if has_none else dict(kept["networks"])
