"""How many networks a release makes, and how many the engine can still make."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.plan.networks import check_networks
from tidegate.errors import CapacityError, StackFileError

MODEL: dict[str, Any] = {
    "services": {"web": {"networks": {"default": None}}},
    "networks": {
        "default": {"name": "shop-prod_default"},
        "own": {},
        "theirs": {"name": "theirs", "external": True},
    },
}


def environment(there: set[str], left: int, *, services: int = 2, databases: int = 1) -> Any:
    return SimpleNamespace(
        host=SimpleNamespace(edge_network="edge"),
        stack=SimpleNamespace(name="shop", services=[1] * services, databases=[1] * databases),
        name="prod",
        base_project="shop-prod",
        config=SimpleNamespace(host="local"),
        measures=SimpleNamespace(free_networks=lambda: left, network_names=lambda: there),
    )


@pytest.mark.parametrize(
    ("there", "services", "databases", "needed"),
    [
        (set(), 2, 1, 5),
        (set(), 1, 1, 4),
        (set(), 2, 0, 4),
        ({"edge_shop_prod"}, 2, 1, 4),
        ({"edge_shop_prod", "shop-prod_default", "shop-prod_own"}, 2, 1, 2),
        ({"edge_shop_prod", "shop-prod_default", "shop-prod_own"}, 1, 0, 0),
    ],
)
def test_those_that_are_not_there_are_needed(
    there: set[str], services: int, databases: int, needed: int
) -> None:
    """One for a slot of several services, and one for the proof of a backup."""
    env = environment(there, needed, services=services, databases=databases)
    [said] = check_networks(env, MODEL)
    assert (said.outcome, said.detail) == ("pass", f"{needed} left, {needed} needed")
    if needed:
        short = environment(there, needed - 1, services=services, databases=databases)
        with pytest.raises(CapacityError, match=f"{needed - 1} left, {needed} needed"):
            [*check_networks(short, MODEL)]


def test_no_service_joins_a_network_of_the_edge() -> None:
    model = {
        "services": {"web": {"networks": {"edge": None}}},
        "networks": {"edge": {"name": "edge", "external": True}},
    }
    with pytest.raises(StackFileError, match="web"):
        [*check_networks(environment(set(), 9), model)]
