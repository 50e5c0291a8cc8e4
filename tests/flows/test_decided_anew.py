"""A release waits for a person, and what it is about changes meanwhile: an approval of what was
shown does not count, and the same run asks about what there is now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.states import Completed

from flows.release import release
from tests.flows.asking import answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import ENV, Installation
from tests.flows.judging import serving
from tests.flows.prefect_memory import Run
from tests.flows.stories import STORIES, settle
from tidegate.ledger.tables import Deployment
from tidegate.policy.states import DeploymentState

BY_STAGING = next(one for one in STORIES if one.name == "a release by way of staging")
PASSWORD = "Tr0ub4dor-and-3"
CHANGED = "The plan has changed since it was shown"


@pytest.fixture
def waits(library: Library) -> tuple[Installation, Run]:
    """A release of v1.1.0, tried on staging, that nobody has decided about."""
    made = library.begin(BY_STAGING)
    made.prefect.answer = None
    run = made.prefect.start(release, **asked("v1.1.0"))
    assert run.state.is_paused(), run.state.message
    return made, run


def newest(made: Installation, environment: str = "prod") -> Deployment:
    return made.ledger.deployments.history("shop", environment, limit=1)[0]


def team_file(made: Installation, name: str) -> Path:
    return made.home.parent / "stacks" / "shop" / name


def approved(made: Installation, run: Run) -> Run:
    """Somebody approves what was shown, and would approve no other thing."""
    shown, yes = newest(made).id, answering("approve")

    def answer(form: object) -> object:
        if newest(made).id == shown:
            return yes(form)
        made.prefect.answer = None
        return made.prefect.suspend(wait_for_input=form, timeout=60, key="another question")

    made.prefect.answer = answer
    return made.prefect.start(release, run.id, **asked("v1.1.0"))


def asked_about_another(made: Installation, run: Run) -> str:
    """That approval does not count. Returns the first line of the page that is shown now."""
    before, served = newest(made), serving(made)["prod"]
    assert approved(made, run).state.is_paused(), run.state.message
    now, old = newest(made), made.ledger.deployments.get(before.id)
    assert now.number > old.number
    assert (old.state, old.reason) == (
        DeploymentState.EXPIRED,
        f"the plan has changed: see #{now.number} v1.1.0",
    )
    assert [made.ledger.approvals.of(one.id) for one in (now, old)] == [[], []]
    assert serving(made)["prod"] == served
    page = next(text for key, text in run.pages.items() if f"prod-{now.number}-" in key)
    assert PASSWORD not in page
    first = page.splitlines()[0]
    assert CHANGED in first
    return first


def release_another_to_staging(made: Installation) -> None:
    other = made.prefect.start(release, **asked("v1.1.1", environment="staging"))
    assert other.state.is_completed(), other.state.message


def weaken_checks(made: Installation) -> None:
    file = team_file(made, "stack.yaml")
    file.write_text(
        file.read_text().replace("{name: home, path: /}", "{name: home, path: /, status: 404}")
    )


def set_password(made: Installation) -> None:
    team_file(made, ".env").write_text(f"{ENV.format('shop-prod')}PARTNER_PASSWORD={PASSWORD}\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (release_another_to_staging, "staging was deployed again"),
        (weaken_checks, "`stack smoke[0].status`"),
        (set_password, "`env PARTNER_PASSWORD`"),
    ],
)
def test_what_has_changed_is_named_and_asked_about(
    waits: tuple[Installation, Run], change: Callable[[Installation], None], said: str
) -> None:
    made, run = waits
    change(made)
    assert said in asked_about_another(made, run)
    staged = newest(made, "staging")
    assert (staged.version, staged.commit) == ("v1.1.0", newest(made).commit)
    made.prefect.answer = answering("approve")
    state = made.prefect.start(release, run.id, **asked("v1.1.0")).state
    assert state.is_completed(), state.message
    assert newest(made).state is DeploymentState.GOOD
    assert settle(made) == []


def test_nobody_has_decided_where_the_run_was_set_to_completed(
    waits: tuple[Installation, Run],
) -> None:
    made, run = waits
    began = serving(made)
    run.states.append(Completed())
    assert settle(made) == []
    assert (newest(made).state, newest(made).reason) == (
        DeploymentState.EXPIRED,
        "its run is Completed",
    )
    assert made.ledger.approvals.of(newest(made).id) == []
    assert serving(made) == began
