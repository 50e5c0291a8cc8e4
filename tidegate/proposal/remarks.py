"""What a person should know before the first release, and no line of the stack file says: written
as comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tidegate.proposal.dockerfile import Dockerfile
from tidegate.proposal.known_images import CACHES, TUNNELS, engine_of, keeps_data
from tidegate.proposal.look import Look
from tidegate.proposal.roles import ADDRESS, made_from
from tidegate.stack.slot import used_volumes


def unseen_sources(look: Look, released: Iterable[str]) -> list[str]:
    """Released services that are built by a Dockerfile of this folder, and it is not there."""

    def is_missing(name: str) -> bool:
        build = look.model["services"][name].get("build")
        is_here = build and not ADDRESS.match(str(build.get("context", "")))
        return bool(is_here and not look.dockerfiles.get(name, Dockerfile()).base)

    return [name for name in released if is_missing(name)]


def source_warnings(unseen: Sequence[str]) -> Iterator[str]:
    if unseen:
        yield f"# No Dockerfile lies here for: {', '.join(unseen)}. Name the repository that has"
        yield "# it, and as `context` the folder of it in which the compose files lie."


def profile_warnings(look: Look) -> Iterator[str]:
    """Services that compose starts only when somebody asks for them."""
    if look.unasked:
        said = ", ".join(f"{name} ({', '.join(on)})" for name, on in look.unasked.items())
        yield f"# Not started, as nobody asks for the profile: {said}."
        yield "# `COMPOSE_PROFILES=...` in an env file asks for one."


def tunnel_warnings(look: Look, left_out: Sequence[str]) -> Iterator[str]:
    for name in left_out:
        if TUNNELS.search(_image(look, name)):
            yield f"# Left out: {name} would lead the public to one version, past edge and checks."
            yield "# Run one of your own that leads to the edge."


def copy_warnings(look: Look, base: Sequence[str], saved: Sequence[str]) -> Iterator[str]:
    """For each server among `base` whose files are copied, because nobody can dump it; `saved` are
    the volumes of `state`."""
    for name in base:
        image = _image(look, name)
        dumped = engine_of(image) or CACHES.search(image)
        copied = [one for one in used_volumes(look.model, [name]) if one in saved]
        if keeps_data(image) and not dumped and copied:
            yield f"# Seen: {name}. Its volume is copied while it writes; a server may not be able"
            yield "# to open such a copy. Do this instead: `tidegate docs operations`, MongoDB."


def _image(look: Look, name: str) -> str:
    return made_from(look.model["services"][name], look.dockerfiles.get(name, Dockerfile()))
