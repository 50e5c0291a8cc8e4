"""Names of images as compose files write them: repository, tag, and which services share one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from tidegate.stack.variables import masked, with_defaults

_TAG = re.compile(r"(?::([^/:]*))?(?:@.*)?\Z")


def repository_of(image: str) -> str:
    """Without its tag, variables as they are written: `${REGISTRY}/shop`."""
    found = _TAG.search(masked(image))
    return image[: found.start()] if found else image


def plain_repository(image: str) -> str:
    """With the defaults of its variables, `${IMAGE:-acme/shop:1}`; empty where one has none. The
    variable of its tag may have none."""
    return _TAG.sub("", with_defaults(repository_of(image)) or "")


def written_tag(image: str) -> str:
    """As it is written, a variable as a variable: `${TAG:-latest}`."""
    found = _TAG.search(masked(image))
    return image[found.start(1) : found.end(1)] if found and found[1] else ""


def sharers(services: Mapping[str, Any], built: Collection[str]) -> dict[str, str]:
    """Services without `build:` that have the image of one of the `built` ones -> that one. Another
    plain tag is another image; what a variable of a tag becomes, nobody knows."""
    made = [(name, _image(services[name])) for name in built if services[name].get("image")]
    foreign = [
        (name, _image(one))
        for name, one in services.items()
        if one.get("image") and not one.get("build")
    ]
    return {
        name: maker
        for name, (repository, tag) in foreign
        for maker, (its, its_tag) in made
        if repository == its and (tag == its_tag or "$" in tag + its_tag)
    }


def _image(service: Mapping[str, Any]) -> tuple[str, str]:
    """Repository and tag."""
    image = str(service.get("image") or "")
    repository = plain_repository(image) or repository_of(image)
    return repository, written_tag(image) or "latest"
