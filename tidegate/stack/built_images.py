"""Images that are built here, where a service has one and nobody builds it for that service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tidegate.facts import ComposeModel
from tidegate.stack.services import Service


def unshared_faults(model: ComposeModel, released: Sequence[Service]) -> Iterator[str]:
    """One text for each service that would run an old image, or a foreign one, beside the new one:
    it has the repository of a service that is built, and stack.yaml does not say so."""
    services = model["services"]
    built = {one.name: one for one in released if one.is_built and one.name in services}
    makers = {_repository(services[name].get("image")): one for name, one in built.items()}
    makers |= {one.image: one for one in built.values()}
    said = {one.name for one in released if one.image is not None}
    for name, service in services.items():
        image = _repository(service.get("image"))
        if image and image in makers and name not in said and not service.get("build"):
            maker = makers[image]
            yield (
                f"services.{name}.image: {image} is built here for {maker.name}, and nobody builds "
                f"it for {name}; write `- {{name: {name}, image: {maker.image}}}` under "
                "`services` in stack.yaml"
            )


def _repository(image: str | None) -> str | None:
    """Without tag and digest."""
    if not image:
        return None
    name = image.partition("@")[0]
    path, colon, tag = name.rpartition(":")
    return path if colon and "/" not in tag else name
