"""What people ask for, begun in a state of the installation: each flow by itself, and in each way
that it can go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
from tests.flows.installation import Installation, Kept, write_stack
from tests.flows.prefect_memory import Run
from tests.world.by_hand import MemoryHandStarted, start_by_hand
from tests.world.data import Content
from tests.world.engine import MemoryCompose
from tests.world.world import model_of


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
    is_built: bool = True
    """Whether the images are built from a repository; without one they are those of others."""
    prepare: Callable[[Installation], object] = field(default=lambda made: None)

    @property
    def id(self) -> str:
        return self.name.replace(" ", "-")

    @property
    def is_for_staging(self) -> bool:
        return self.asked.get("environment") == "staging"


RELEASE: dict[str, Any] = {
    "stack": "shop",
    "environment": "prod",
    "plan_only": False,
    "watch_seconds": None,
    "requested_by": "Mei",
}
ROLLBACK: dict[str, Any] = {
    "stack": "shop",
    "reason": "orders are empty",
    "environment": "prod",
    "steps_back": 1,
    "to": None,
    "requested_by": "Mei",
}
RESTORE: dict[str, Any] = {
    "stack": "shop",
    "reason": "rows are gone",
    "environment": "prod",
    "backup": "",
    "requested_by": "Mei",
}


def asked(version: str, **other: Any) -> dict[str, Any]:
    return {**RELEASE, "version": version, **other}


def remove_slots(made: Installation) -> None:
    """Somebody has removed the stopped containers of production."""
    engine = made.world.engine
    for one in list(engine.containers_by_name.values()):
        if one.state == "exited" and one.labels.get("tidegate.environment") == "prod":
            del engine.containers_by_name[one.name]
            engine.moments.made.pop(f"container {one.name}", None)


def cut_short(what: str) -> Callable[[Installation], None]:
    """A release of v1.1.0 whose process was killed right after this change."""

    def prepare(made: Installation) -> None:
        kept: list[Kept] = []
        made.world.moments.after_change = lambda told: (
            kept.append(made.keep(told)) if told.endswith(what) else None
        )
        made.prefect.answer = answering("approve")
        made.prefect.start(release, **asked("v1.1.0"))
        made.begin_from(kept[0])

    return prepare


def add_routes(made: Installation) -> None:
    """The stack file has `routes` from now on."""
    write_stack(made.home.parent, with_staging=False, with_routes=True)


def release_with_routes(made: Installation) -> None:
    add_routes(made)
    made.prefect.start(release, **asked("v1.1.0"))


def run_by_hand(made: Installation, version: str = "v1.0.0") -> None:
    """The team has started a version itself, with three bills in its database."""
    start_by_hand(made.world.engine, model_of("shop-prod"), version)
    made.world.databases.of("shop-prod").content = Content("0001", {"bills": 3})


def take_over(made: Installation) -> None:
    run_by_hand(made)
    made.prefect.start(adopt, **ADOPTION)


def release_over_it(made: Installation) -> None:
    take_over(made)
    made.prefect.start(release, **asked("v1.1.0"))


def release_and_remove_by_hand(made: Installation) -> None:
    """Somebody has removed the stopped containers of the takeover."""
    release_over_it(made)
    engine = made.world.engine
    for name in ("shop-prod-web-1", "shop-prod-worker-1", "shop-prod-beat-1"):
        del engine.containers_by_name[name]
        engine.moments.made.pop(f"container {name}", None)


def give_back(made: Installation) -> None:
    """As the manual says: the team's containers run again, and nothing of Tidegate is there."""
    release_over_it(made)
    engine = made.world.engine
    MemoryCompose(engine, model_of).remove("shop-prod-2")
    MemoryHandStarted(engine).start([one.id for one in engine.of("shop-prod")])
    made.world.edge.remove("shop", "prod")


def look_in_vain(made: Installation) -> None:
    """The edge is away, and one look has seen it: the next one says so."""
    made.world.visitors.is_away = True
    made.prefect.start(watch, stack="shop")


def roll_back(made: Installation) -> None:
    made.prefect.start(rollback, **ROLLBACK)


def without_registry(made: Installation) -> None:
    """The old containers are gone too: only the images that were pulled are there."""
    remove_slots(made)
    made.world.shelf.is_away = True


ADOPTION: dict[str, Any] = {
    "stack": "shop",
    "environment": "prod",
    "plan_only": False,
    "requested_by": "Mei",
}
SIGNAL: dict[str, Any] = {
    "stack": "shop",
    "signal": "alert/1",
    "severity": "red",
    "reason": "answers are 500",
    "started_at": datetime(2100, 1, 1, tzinfo=UTC),
    "environment": "prod",
    "source": "alertmanager",
}
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
)


def answering(decision: str) -> Callable[[Any], Any]:
    """A person who has seen all, and decides so."""

    def answer(form: Any) -> Any:
        seen = {name: True for name, one in form.model_fields.items() if one.annotation is bool}
        return form(decision=decision, approver="Mei", reason="tried on staging", **seen)

    return answer


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
