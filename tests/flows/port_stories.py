"""What people ask for where a container that the team started by hand has a port of the host, and
the stack file keeps that port."""

from __future__ import annotations

from flows.adopt import adopt
from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ADOPTION, ROLLBACK, asked
from tests.flows.beginnings import run_by_hand
from tests.flows.installation import Installation
from tests.flows.name_stories import BADLY, name_services
from tests.flows.stories import Story


def run_with_port(made: Installation) -> None:
    """The team's own container has the port, and the stack file keeps it."""
    name_services(made)
    run_by_hand(made)


def take_over_port(made: Installation) -> None:
    run_with_port(made)
    assert made.prefect.start(adopt, **ADOPTION).state.is_completed()


def release_over_port(made: Installation) -> None:
    take_over_port(made)
    assert made.prefect.start(release, **asked("v1.1.0")).state.is_completed()


def go_back_to_port(made: Installation) -> None:
    take_over_port(made)
    assert made.prefect.start(release, **asked("v1.0.1")).state.is_completed()
    assert made.prefect.start(rollback, **ROLLBACK).state.is_completed()


PORT_STORIES = (
    Story(
        "a takeover of a port", adopt, ADOPTION, before=(), serves="v1.0.0", prepare=run_with_port
    ),
    Story(
        "a release over a port",
        release,
        asked("v1.1.0"),
        before=(),
        serves="v1.1.0",
        prepare=take_over_port,
    ),
    Story(
        "one over a port that serves badly",
        release,
        BADLY,
        before=(),
        serves="v1.0.0",
        prepare=take_over_port,
    ),
    Story(
        "one over a port in place",
        release,
        asked("v1.1.0"),
        before=(),
        serves="v1.1.0",
        in_place=True,
        prepare=take_over_port,
    ),
    Story(
        "one over a port in place that serves badly",
        release,
        BADLY,
        before=(),
        serves="v1.0.0",
        in_place=True,
        prepare=take_over_port,
    ),
    Story(
        "a rollback to a port",
        rollback,
        ROLLBACK,
        before=(),
        serves="v1.0.0",
        prepare=release_over_port,
    ),
    Story(
        "a release over a port that came back",
        release,
        asked("v1.1.0"),
        before=(),
        serves="v1.1.0",
        prepare=go_back_to_port,
    ),
)
