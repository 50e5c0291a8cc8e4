"""A network that the compose files close is made so, or no release begins."""

from __future__ import annotations

from flows.release import release
from tests.flows.asking import asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import Story, tell

NAME = "shop-prod_back"


def close_in(made: Installation) -> None:
    """The team puts the worker on a network of its own, which leads nowhere."""
    made.world.edited["worker"] = {"networks": {"back": None}}
    made.world.shared["back"] = {"name": NAME, "internal": True}


def close_what_is_open(made: Installation) -> None:
    close_in(made)
    made.world.engine.networks.add(NAME)


STORY = Story("a closed network", release, asked("v1.0.1"), prepare=close_in)
REFUSED = Story("an open network", release, asked("v1.0.1"), prepare=close_what_is_open)


def test_one_that_only_released_services_use_is_closed(library: Library) -> None:
    made = library.begin(STORY)
    run = tell(made, STORY)
    assert run.state.is_completed(), run.state.message
    assert NAME in made.world.engine.closed


def test_one_that_is_there_and_leads_out_is_refused_by_name(library: Library) -> None:
    made = library.begin(REFUSED)
    run = tell(made, REFUSED)
    assert run.state.is_failed()
    assert f"and what is there leads out: {NAME}" in str(run.state.message)
    assert "Give it another key and name in the compose files" in str(run.state.message)
    assert all(one.version == "v1.0.0" for one in made.ledger.deployments.history("shop", "prod"))
