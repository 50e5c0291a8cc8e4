"""Images that are built here, where a service has one and nobody builds it for that service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.facts import ComposeModel
from tidegate.stack.services import Service


def unshared_faults(model: ComposeModel, released: Sequence[Service]) -> Iterator[str]:
    """One text for each service that would run an old image, or a foreign one, beside the new one:
    it has the image of a service that is built, and stack.yaml does not say so. Another tag of one
    repository may be another thing: `acme/all:web` and `acme/all:postgres`."""
    services = model["services"]
    built = [one for one in released if one.is_built and one.name in services]
    makers = {_named(services[one.name].get("image") or str(one.image)): one for one in built}
    said = {one.name for one in released if one.image is not None}
    for name, service in services.items():
        image = _named(service.get("image") or "")
        if image in makers and name not in said and not service.get("build"):
            maker = makers[image]
            yield (
                f"services.{name}.image: {image.rpartition(':')[0]} is built here for "
                f"{maker.name}, and nobody builds it for {name}; write "
                f"`- {{name: {name}, image: {maker.image}}}` under `services` in stack.yaml"
            )


def _named(image: str) -> str:
    """With its tag, which is `latest` where none is said, and without its digest."""
    name = image.partition("@")[0]
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
