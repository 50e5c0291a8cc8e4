"""What people ask for, begun in a state of the installation: each flow by itself, and in each way
that it can go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from prefect.flows import Flow

from flows.adopt import adopt
from flows.incident import incident
from flows.lift_hold import lift_hold
from flows.recover import recover
from flows.release import release
from flows.restore import restore
from flows.rollback import rollback
from flows.watch import watch
from tests.flows.asking import ADOPTION, RESTORE, ROLLBACK, SIGNAL, answering, asked
from tests.flows.beginnings import (
    add_routes,
    cut_short,
    look_in_vain,
    offer_the_name,
    release_and_remove_by_hand,
    release_over_it,
    release_with_routes,
    remove_slots,
    roll_back,
    run_by_hand,
    share_the_name,
    take_over,
    without_registry,
)
from tests.flows.installation import Installation
from tests.flows.prefect_memory import Run


@dataclass(frozen=True)
class Story:
    """`before` are the versions that were released already; then `flow` is asked for, and `serves`
    in the end."""

    name: str
    flow: Flow[Any, Any]
    asked: dict[str, Any]
    before: tuple[str, ...] = ("v1.0.0",)
    serves: str = ""
    answer: str = "approve"
    with_staging: bool = False
    with_routes: bool = False
    in_place: bool = False
    """Whether what people are sent to never runs twice."""
    with_blog: bool = False
    """Whether a second stack serves /blog at the shop's host name."""
    is_built: bool = True
    """Whether the images are built from a repository; without one they are those of others."""
    prepare: Callable[[Installation], object] = field(default=lambda made: None)

    @property
    def id(self) -> str:
        return self.name.replace(" ", "-")

    @property
    def is_for_staging(self) -> bool:
        return self.asked.get("environment") == "staging"


TWO = ("v1.0.0", "v1.0.1")
STORIES = (
    Story(
        "a release by way of staging", release, asked("v1.1.0"), serves="v1.1.0", with_staging=True
    ),
    Story(
        "a release that is rejected",
        release,
        asked("v1.0.1"),
        serves="v1.0.0",
        answer="reject",
        with_staging=True,
    ),
    Story(
        "a release to staging",
        release,
        asked("v1.2.0", environment="staging"),
        serves="v1.0.0",
        with_staging=True,
    ),
    Story("a first release", release, asked("v1.0.0"), before=(), serves="v1.0.0"),
    Story("a release with a migration", release, asked("v1.2.0"), serves="v1.2.0"),
    Story("a version that is never healthy", release, asked("v2.0.0"), serves="v1.0.0"),
    Story("a version whose scheduler dies", release, asked("v2.0.3"), serves="v1.0.0"),
    Story("a version that fails its checks", release, asked("v2.1.0"), serves="v1.0.0"),
    Story("a version whose migration is taken back", release, asked("v2.2.0"), serves="v1.0.0"),
    Story("a version whose migration would lose data", release, asked("v2.3.0"), serves="v1.0.0"),
    Story(
        "a version that serves badly", release, asked("v2.0.2", watch_seconds=2), serves="v1.0.0"
    ),
    Story("a rollback to a stopped slot", rollback, ROLLBACK, before=TWO, serves="v1.0.0"),
    Story(
        "a rollback to a slot that is gone",
        rollback,
        ROLLBACK,
        before=TWO,
        serves="v1.0.0",
        prepare=remove_slots,
    ),
    Story(
        "a rollback with a downgrade",
        rollback,
        ROLLBACK,
        before=("v1.0.0", "v1.2.0"),
        serves="v1.0.0",
    ),
    Story(
        "a rollback that would lose data",
        rollback,
        ROLLBACK,
        before=("v1.0.0", "v1.3.0"),
        serves="v1.3.0",
    ),
    Story("a restore", restore, RESTORE, before=("v1.0.0", "v1.1.0"), serves="v1.0.0"),
    Story("an incident", incident, SIGNAL, before=("v1.0.0", "v2.0.2"), serves="v1.0.0"),
    Story(
        "a look that reaches nobody",
        watch,
        {"stack": "shop"},
        serves="v1.0.0",
        prepare=look_in_vain,
    ),
    Story(
        "a hold that is lifted",
        lift_hold,
        {"stack": "shop", "version": "v1.0.1", "reason": "it was the data", "lifted_by": "Mei"},
        before=TWO,
        serves="v1.0.0",
        prepare=roll_back,
    ),
    Story(
        "a release of images of others",
        release,
        asked("v1.2.0"),
        serves="v1.2.0",
        with_staging=True,
        is_built=False,
    ),
    Story(
        "an image of others that fails its checks",
        release,
        asked("v2.1.0"),
        serves="v1.0.0",
        is_built=False,
    ),
    Story(
        "a rollback to images of others without their registry",
        rollback,
        ROLLBACK,
        before=TWO,
        serves="v1.0.0",
        is_built=False,
        prepare=without_registry,
    ),
    Story("a takeover", adopt, ADOPTION, before=(), serves="v1.0.0", prepare=run_by_hand),
    Story(
        "a takeover of what answers badly",
        adopt,
        ADOPTION,
        before=(),
        prepare=lambda made: run_by_hand(made, "v2.0.1"),
    ),
    Story(
        "a release over what was taken over",
        release,
        asked("v1.1.0"),
        before=(),
        serves="v1.1.0",
        prepare=take_over,
    ),
    Story(
        "a release that fails over what was taken over",
        release,
        asked("v2.1.0"),
        before=(),
        serves="v1.0.0",
        prepare=take_over,
    ),
    Story(
        "a rollback to what was taken over",
        rollback,
        ROLLBACK,
        before=(),
        serves="v1.0.0",
        prepare=release_over_it,
    ),
    Story(
        "a rollback to what was taken over and is gone",
        rollback,
        ROLLBACK,
        before=(),
        serves="v1.0.0",
        prepare=release_and_remove_by_hand,
    ),
    Story(
        "a recovery before the switch",
        recover,
        {},
        serves="v1.0.0",
        prepare=cut_short("shop-prod is at 0002"),
    ),
    Story(
        "a recovery after the switch",
        recover,
        {},
        serves="v1.1.0",
        prepare=cut_short("route of shop prod: #2, behind it #1"),
    ),
    Story(
        "a release of several doors", release, asked("v1.1.0"), serves="v1.1.0", with_routes=True
    ),
    Story(
        "a version of several doors that serves badly",
        release,
        asked("v2.0.2", watch_seconds=2),
        serves="v1.0.0",
        with_routes=True,
    ),
    Story(
        "a release that brings doors", release, asked("v1.1.0"), serves="v1.1.0", prepare=add_routes
    ),
    Story(
        "a rollback to one door", rollback, ROLLBACK, serves="v1.0.0", prepare=release_with_routes
    ),
    Story(
        "a release at a name that is shared",
        release,
        asked("v1.1.0"),
        serves="v1.1.0",
        with_blog=True,
    ),
    Story(
        "a version at a shared name that serves badly",
        release,
        asked("v2.0.2", watch_seconds=2),
        serves="v1.0.0",
        with_blog=True,
    ),
    Story(
        "a restore at a name that is shared",
        restore,
        RESTORE,
        before=("v1.0.0", "v1.1.0"),
        serves="v1.0.0",
        with_blog=True,
    ),
    Story(
        "a rollback to a version that shared its name with nobody",
        rollback,
        ROLLBACK,
        serves="v1.0.0",
        prepare=share_the_name,
    ),
    Story(
        "a first release at the name of another stack",
        release,
        asked("v1.0.0", stack="blog"),
        serves="v1.0.1",
        prepare=offer_the_name,
    ),
)


def tell(made: Installation, story: Story) -> Run:
    """The whole story, with a person's answer."""
    made.prefect.answer = answering(story.answer)
    return made.prefect.start(story.flow, **story.asked)


def settle(made: Installation) -> list[str]:
    """`recover/all`, as it comes each minute, until it ends well. What it could not do is
    returned."""
    said = []
    for _ in range(3):
        made.world.moments.begin_anew()
        state = made.prefect.start(recover).state
        if not state.is_failed():
            return []
        said.append(f"recover: {state.name}: {state.message}")
    return said
