"""What a compose file says for Docker Swarm, and Docker Compose cannot give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidegate.facts import ComposeModel


def swarm_faults(model: ComposeModel) -> Iterator[str]:
    """One text for each secret and configuration that lies in a swarm, and each network of one."""
    for part in ("secrets", "configs"):
        yield from (
            f"{part}.{name}.external: lies in a swarm, and Docker Compose gives it to no "
            f"container. Say in a compose file of your own where it is: "
            f"`{part}: {{{name}: !override {{file: ./{name}.txt}}}}`"
            for name, one in sorted((model.get(part) or {}).items())
            if one.get("external") and _is_used(model, part, name)
        )
    yield from (
        f"networks.{name}.driver: overlay needs a swarm, and a network of one takes only its own "
        "services. Take it out in a compose file of your own: "
        f"`networks: {{{name}: {{driver: !reset null}}}}`"
        for name, one in sorted((model.get("networks") or {}).items())
        if (one or {}).get("driver") == "overlay" and not one.get("attachable")
    )


def _is_used(model: ComposeModel, part: str, name: str) -> bool:
    return any(
        name == _source(one)
        for service in model["services"].values()
        for one in service.get(part) or ()
    )


def _source(one: Any) -> str:
    return str(one.get("source") if isinstance(one, dict) else one)
