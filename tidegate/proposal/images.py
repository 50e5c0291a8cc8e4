"""The images that a version gives: those that are built, or else the vendor's, wherever they are
used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.errors import InputError
from tidegate.proposal.image_names import plain_repository, sharers, written_tag
from tidegate.proposal.known_images import FRONTS
from tidegate.proposal.questions import word_of
from tidegate.proposal.roles import is_built, links
from tidegate.stack.variables import filled, with_defaults

_WRITTEN = "x-written-tag"
"""Key of a service as `with_named_images` makes it: the tag before a variable in it was filled."""
_TAG = re.compile(r"(?::([^/:]*))?(?:@.*)?\Z")


def images_of(
    stack: str, edge: str, released: Sequence[str], services: Mapping[str, Any]
) -> dict[str, str]:
    """Service -> image without its tag, of those that a release changes. A vendor's images that
    have one tag and one place in the registry are one version. Raises InputError where nothing says
    which image the application is."""
    built = [one for one in released if is_built(services[one])]
    if built:
        made = {one: _image(stack, one, services[one]) for one in built}
        sharing = sharers(services, built)
        return made | {one: made[sharing[one]] for one in released if one in sharing}
    name = _main(edge, released, services)
    main = services[name]
    if not _plain(main):
        raise InputError(
            "choosing the image that a version gives",
            f"nothing says which image {main.get('image')} of {name} is",
            "Give the variable a value in .env.example, and try again",
        )
    return {
        one: _image(stack, one, services[one])
        for one in released
        if _plain(services[one]) and _family(services[one]) == _family(main)
    }


def with_named_images(
    services: Mapping[str, Any], example: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Services whose image is a variable without a default, as the team's own env file fills it."""

    def named(one: Mapping[str, Any]) -> dict[str, Any]:
        said = str(one.get("image") or "")
        image = said if with_defaults(said) is not None else filled(said, example)
        return {**one, "image": image, _WRITTEN: written_tag(said)}

    return {name: named(one) for name, one in services.items()}


def tag_of(
    edge: str,
    released: Sequence[str],
    services: Mapping[str, Any],
    example: Mapping[str, str],
) -> str:
    """The version that the compose file names, with the team's own env file before its defaults;
    empty where it names none, or one that moves."""
    said = str(services[_main(edge, released, services)].get("image") or "")
    tag = (_TAG.search(with_defaults(filled(said, example)) or "") or [None, None])[1] or ""
    return tag if re.search(r"\d", tag) else ""


def _main(edge: str, released: Sequence[str], services: Mapping[str, Any]) -> str:
    """The application itself, where a front such as nginx is at the edge: what most services are
    made from, of those behind it first."""
    if not FRONTS.search(_plain(services[edge])):
        return edge
    behind = [*(services[edge].get("depends_on") or {}), *links(services[edge])]
    rest = [one for one in released if not FRONTS.search(_plain(services[one]))]
    families = [_family(services[one]) for one in rest]
    first = [*(one for one in behind if one in rest), *rest]
    return max(first, key=lambda one: families.count(_family(services[one])), default=edge)


def _family(service: Mapping[str, Any]) -> tuple[str, str]:
    """Where the image lies and which tag it has; the image itself where no folder holds it. Images
    whose tag is one variable are one version, wherever they lie."""
    plain = _plain(service)
    tag = str(service[_WRITTEN])
    return ("" if "$" in tag else plain.rpartition("/")[0] or plain), tag


def _plain(service: Mapping[str, Any]) -> str:
    return plain_repository(str(service.get("image") or ""))


def _image(stack: str, name: str, service: Mapping[str, Any]) -> str:
    """Without its tag, where the compose file says it plainly; else a name of our own."""
    plain = _plain(service)
    return plain if plain and re.fullmatch(r"[a-z0-9./:_-]+", plain) else f"{stack}/{word_of(name)}"
