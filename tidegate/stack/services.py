"""What a stack file says of the services that a release starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from tidegate.stack.formats import (
    MOST_WAIT_SECONDS,
    ImageName,
    ImagePath,
    Part,
    ServiceName,
    UrlPath,
)
from tidegate.stack.sources import Source
from tidegate.stack.tags import OF_COMMITS, OF_VERSIONS, TagPattern, names_in


class Service(Part):
    """One released service: the only ones that a release starts anew. The others live once, in the
    base project."""

    name: ServiceName = Field(description="Name of the service in the compose files.")
    image: ImageName | None = Field(
        None,
        description="Image repository without tag, such as `ghcr.io/acme/cloudlens-backend`. "
        "Left out: the image that the compose files name, as for a proxy "
        "or an exporter in the stack.",
    )
    tag: TagPattern | None = Field(
        None,
        description="Of an image that is not built here: its tag, such as `sha-{commit7}`; "
        "`{version}` is what a person typed, `{number}` the same without a leading `v`, "
        "`{commit}` the full hash.",
    )
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Of a service behind the edge: the port it listens on, inside the container.",
    )
    ready_path: UrlPath | None = Field(
        None, description="Of a service behind the edge: answers 200 only when it can work."
    )
    start_budget_seconds: int = Field(
        60,
        ge=1,
        le=MOST_WAIT_SECONDS,
        description="How long a start may take before it counts as failed.",
    )
    alone: bool = Field(
        False,
        description="Never runs twice, such as celery beat, cron or a queue's only "
        "worker: a release stops the old one before it starts the new one, "
        "and a way back does the same. Where people are sent to it, nobody is served meanwhile.",
    )
    stop_grace_seconds: int = Field(
        30,
        ge=1,
        le=MOST_WAIT_SECONDS,
        description="Time between SIGTERM and SIGKILL. A longer `stop_grace_period` of the compose "
        "files counts, up to an hour.",
    )
    not_mounted: tuple[ImagePath, ...] = Field(
        (),
        description="Paths inside the container at which the compose files mount a developer's "
        "folder: releases leave that mount out, and what is in the image counts.",
    )
    connection_pool: int | None = Field(
        None,
        ge=0,
        le=100_000,
        description="Database connections one slot may take. Without it nobody sees beforehand "
        "whether that many are free.",
    )

    @property
    def is_built(self) -> bool:
        """Whether its image is built here. Others are found by their tag, or named by the compose
        files."""
        return self.image is not None and self.tag is None


def image_faults(source: Source | None, services: Sequence[Service]) -> Iterator[str]:
    """What the services say of their images that does not fit whether there is a repository."""
    for place, service in enumerate(services):
        if service.tag is not None and service.image is None:
            yield (
                f"services[{place}].tag: of which image? Name it under `image`, or take the tag out"
            )
    if source is not None:
        return
    for place, service in enumerate(services):
        if service.is_built:
            yield (
                f"services[{place}].tag: there is no `source` to build from; "
                "say by which tag the image is found, such as '{version}', "
                "or give the repository"
            )
        elif service.tag and (found := sorted(names_in(service.tag) & OF_COMMITS)):
            yield f"services[{place}].tag: there is no `source`, so nobody knows {{{found[0]}}}"
    tags = [service.tag for service in services if service.tag]
    if not any(service.is_built for service in services) and not any(
        names_in(tag) & OF_VERSIONS for tag in tags
    ):
        yield "services: no tag has {version} in it, so a version would say nothing"


def named_twice(services: Sequence[Service]) -> Iterator[str]:
    """A service has one line: of two, nobody knows which counts."""
    names = [service.name for service in services]
    for place, name in enumerate(names):
        if (first := names.index(name)) < place:
            yield f"services[{place}].name: {name} is there already, as services[{first}]"
