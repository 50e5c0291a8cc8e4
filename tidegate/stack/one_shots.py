"""Services that do one piece of work and end, such as seeds: they count by their exit code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping

from tidegate.facts import ComposeModel

_COMPLETED = "service_completed_successfully"


def one_shots(model: ComposeModel, servers: Collection[str]) -> frozenset[str]:
    """Those whose end another service waits for, and those with `restart: "no"` that nothing else
    calls a server: no port, no health check, and not among `servers`, whom the stack file names."""
    waited_for = {
        name
        for service in model["services"].values()
        for name, how in (service.get("depends_on") or {}).items()
        if how.get("condition") == _COMPLETED
    }
    never_again = {
        name
        for name, service in model["services"].items()
        if service.get("restart") == "no"
        and name not in servers
        and not service.get("ports")
        and not service.get("healthcheck")
    }
    return frozenset((waited_for & model["services"].keys()) | never_again)


def work_of(model: ComposeModel, name: str, contents: Mapping[str, str]) -> str:
    """A fingerprint of what a one-shot service does: its definition and the files that it is given.

    Where it differs, the work is to be done again.
    """
    done = [model["services"][name], dict(contents)]
    return hashlib.sha256(json.dumps(done, sort_keys=True).encode()).hexdigest()
