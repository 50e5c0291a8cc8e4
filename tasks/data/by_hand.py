"""What people started by hand in the project of the data, and nobody has taken over: no release
starts beside it."""

from __future__ import annotations

from tasks.frame.open_environment import OpenEnvironment
from tidegate.errors import OccupiedError
from tidegate.facts import ComposeModel
from tidegate.ledger.adoptions import adopted
from tidegate.plan.adoption import is_by_hand
from tidegate.plan.claims import SEPARATE_LABEL
from tidegate.stack.catalogue import every_stack


def known_projects(env: OpenEnvironment) -> set[str]:
    """The base projects of every environment that a stack file or the ledger names."""
    deployed = {f"{stack}-{name}" for stack, name in env.ledger.deployments.places()}
    stacks = every_stack(env.settings.stacks)
    return deployed | stacks.places.keys() | stacks.base_projects


def refuse_by_hand(env: OpenEnvironment, model: ComposeModel) -> None:
    """Raises OccupiedError where a released service runs by hand, and nobody has taken it over: a
    release would start a second one on its data. The containers of another environment may have
    the same `container_name`s: a slot has none."""
    known = {one["id"] for one in adopted(env.ledger, env.stack.name, env.name)}
    names = {
        service["container_name"]: name
        for name, service in model["services"].items()
        if name in env.released
        and service.get("container_name")
        and SEPARATE_LABEL not in (service.get("labels") or {})
    }
    elsewhere = known_projects(env) - {env.base_project}
    others = [
        one
        for one in env.occupancy.occupants()
        if one.id not in known and one.project not in elsewhere and is_by_hand(one.labels)
    ]
    found = [
        f"{one.service}: {one.whose}"
        for one in others
        if one.service in env.released
        and (one.project == env.base_project or names.get(one.name) == one.service)
    ]
    if not found:
        return
    if known:
        to_do = (
            "Somebody has started it beside what Tidegate runs. Stop and remove it: "
            "`docker rm --force NAME`"
        )
    else:
        to_do = f"Take it over as it runs: `tidegate adopt {env.stack.name} {env.name}`"
    raise OccupiedError(
        f"looking whether {env.stack.name} {env.name} runs by hand",
        "; ".join(found),
        f"Nothing was started. {to_do}",
    )
