"""Base services as compose gets them."""

from __future__ import annotations

from tidegate.facts import ComposeModel
from tidegate.plan.occupancy import base_model


def test_a_base_service_is_started_with_the_image_that_it_names_and_marked() -> None:
    model: ComposeModel = {
        "services": {
            "db": {
                "image": "acme/db:1",
                "build": {"context": "/srv/db"},
                "labels": {"team": "lens"},
            },
            "seed": {"image": "x:1"},
        }
    }
    started = base_model(model, "shop-prod", {"seed": "f00"})["services"]
    assert started["db"] == {
        "image": "acme/db:1",
        "labels": {"team": "lens", "tidegate.base": "shop-prod"},
    }
    assert started["seed"]["labels"] == {"tidegate.base": "shop-prod", "tidegate.one-shot": "f00"}


def test_a_released_service_that_is_only_built_keeps_the_base_readable() -> None:
    """Compose refuses a model that has a service with neither image nor build, also where that one
    is not started."""
    model: ComposeModel = {
        "services": {"web": {"build": {"context": "/shop"}}, "db": {"image": "postgres:16"}}
    }
    assert base_model(model, "shop-prod", {})["services"]["web"]["build"] == {"context": "/shop"}
