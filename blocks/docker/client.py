"""The SDK's client, kept for as long as the process runs, with lists that others may remove from
while we read them."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound
from docker.models.containers import Container, ContainerCollection
from docker.models.images import Image, ImageCollection

Filters = dict[str, Any]


@cache
def client_of(url: str, timeout_seconds: int, default: str) -> docker.DockerClient:
    """One for each engine in this process: every opened environment would otherwise leave
    connections behind.

    `default` is where an empty `url` leads.
    """
    return (
        _Client(base_url=url, timeout=timeout_seconds)
        if url
        else _Client.from_env(timeout=timeout_seconds)
    )


class _Api(docker.APIClient):
    """Hangs up when the engine does not say which version it is; the SDK leaves that to the garbage
    collector."""

    def _retrieve_server_version(self) -> str:
        try:
            return str(super()._retrieve_server_version())  # type: ignore[misc]
        except DockerException:
            self.close()
            raise


class _Client(docker.DockerClient):
    def __init__(self, **settings: Any) -> None:
        self.api = _Api(**settings)

    @property
    def images(self) -> _Images:
        return _Images(client=self)

    @property
    def containers(self) -> _Containers:
        return _Containers(client=self)


class _Images(ImageCollection):
    """The SDK asks for each listed image once more, and fails when somebody has removed it
    meanwhile."""

    def list(
        self, name: str | None = None, all: bool = False, filters: Filters | None = None
    ) -> list[Image]:
        found = []
        for listed in self.client.api.images(name=name, all=all, filters=filters):
            with contextlib.suppress(ImageNotFound):
                found.append(self.get(listed["Id"]))
        return found


class _Containers(ContainerCollection):
    """As with images; here the SDK has a switch for it."""

    def list(
        self,
        all: bool = False,
        before: str | None = None,
        filters: Filters | None = None,
        limit: int = -1,
        since: str | None = None,
        sparse: bool = False,
        ignore_removed: bool = True,
    ) -> list[Container]:
        return super().list(all, before, filters, limit, since, sparse, ignore_removed)
