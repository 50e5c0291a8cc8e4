"""What a release does not read of compose files: services that are left out, or of a profile that
nobody asks for, with what only they use. No value is needed for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tidegate.facts import ComposeModel
from tidegate.stack.few_words import STAND_INS
from tidegate.stack.variables import STAND_IN, masked, variables_in

_PARTS = ("networks", "volumes", "secrets", "configs")
_DURATIONS = frozenset(
    {
        *("interval", "timeout", "start_period", "start_interval", "stop_grace_period"),
        *("delay", "monitor", "window"),
    }
)
_YES_OR_NO = frozenset(
    {
        *("privileged", "read_only", "init", "tty", "stdin_open", "external", "internal"),
        *("attachable", "oom_kill_disable", "enable_ipv6", "no_cache", "create_host_path"),
    }
)
_PATHS = frozenset({"volumes", "source", "target", "tmpfs", "devices"})
_WORDS = {"restart": "no", "host_ip": "127.0.0.1", **STAND_INS}


def read_part(
    written: ComposeModel, left_out: Collection[str], values: Mapping[str, str]
) -> ComposeModel:
    """The services that are read, and the networks, volumes, secrets and configs that they use.
    `written` is with its variables; `values` say the profiles."""
    asked = {one.strip() for one in values.get("COMPOSE_PROFILES", "").split(",")}
    services = {
        name: service
        for name, service in written["services"].items()
        if name not in left_out and _is_asked(service.get("profiles") or (), asked)
    }
    used = {part: {*_used(part, services)} for part in _PARTS}
    return {
        "services": services,
        **{
            part: {key: one for key, one in (written.get(part) or {}).items() if key in used[part]}
            for part in _PARTS
        },
    }


def stand_ins_of(written: ComposeModel, names: Collection[str]) -> dict[str, str]:
    """A value for each of the variables with which Compose can read the files, whatever it means:
    a path for a mount, a time for a timeout."""
    found = dict.fromkeys(names, STAND_IN)
    for key, text in _texts(written, ""):
        for one in variables_in(text):
            if one.name in found and (value := _fitting(key, text, one.name)):
                found[one.name] = value
    return found


def _is_asked(profiles: Collection[str], asked: Collection[str]) -> bool:
    return not profiles or "*" in asked or not {*profiles}.isdisjoint(asked)


def _used(part: str, services: Mapping[str, Any]) -> Iterator[str]:
    for service in services.values():
        entries = [*(service.get(part) or ())]
        if part == "networks":
            yield from ("default", *map(str, entries))
            continue
        entries += (service.get("build") or {}).get(part) or ()
        for one in entries:
            yield str(one.get("source") or "") if isinstance(one, Mapping) else str(one)


def _fitting(key: str, text: str, name: str) -> str:
    if key == "ports":
        is_address = masked(text).count(":") == 2 and text.startswith(("$" + name, "${" + name))
        return _WORDS["host_ip"] if is_address else ""
    if key in _PATHS:
        return f"/{STAND_IN}" if text.startswith("$") else ""
    if key in _DURATIONS:
        return f"{STAND_IN}s"
    return "true" if key in _YES_OR_NO else _WORDS.get(key, "")


def _texts(tree: Any, key: str) -> Iterator[tuple[str, str]]:
    """Each with the last key above it."""
    if isinstance(tree, str):
        yield key, tree
    elif isinstance(tree, Mapping):
        for name, inner in tree.items():
            yield from _texts(inner, str(name))
    elif isinstance(tree, list):
        for inner in tree:
            yield from _texts(inner, key)
