"""While a question waits, everything it is about is changed by somebody else: an approval counts
for what was shown, or not at all. One run is asked again and again; the tests are its stations, in
order."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed, Pending, Running, Scheduled

from flows.recover import recover
from tasks.frame.environments import open_sealed
from tests.e2e.in_process import edit_stack, engine, release_here, run_here, serving, slots
from tests.e2e.mill import asked_again, evidence
from tests.e2e.releases import ended, released, resume, start, suspended
from tests.installation import QUAY, SAMPLE, Installation, domain_of
from tidegate.ledger.tables import Deployment

PASSWORD = "Tr0ub4dor-and-3"
SET_GOING = "its run was set going without an answer to its question"
AS_RUNNING = pytest.mark.crash_only("as Running: nobody carries it out")
IN_MEMORY = pytest.mark.crash_only("tests/flows/test_decided_anew.py shows it in memory")


@dataclass(frozen=True)
class Quay:
    """A stack with staging and an approval, a repository of its own, and a service that has an
    `env_file:`."""

    tidegate: Installation
    repository: Path
    folder: Path

    @property
    def newest(self) -> Deployment:
        return self.tidegate.history(QUAY)[0]

    @property
    def staging(self) -> Deployment:
        return self.tidegate.history(QUAY, "staging")[0]

    def commit_of(self, ref: str) -> str:
        return git(self.repository, "rev-parse", f"{ref}^{{commit}}")


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", repository, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout.strip()


@pytest.fixture(scope="module")
def quay(tidegate: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quay]:
    """Production and staging serve v1.0.0."""
    repository = tmp_path_factory.mktemp("repository") / "quay"
    source = yaml.safe_load((SAMPLE / "stack.yaml").read_text())["source"]["repository"]
    git(repository.parent, "clone", "--quiet", str((SAMPLE / source).resolve()), str(repository))
    edit_stack(tidegate, QUAY, lambda stack: stack["source"].update(repository=str(repository)))
    folder = tidegate.settings.stacks / QUAY
    compose = yaml.safe_load((folder / "docker-compose.yml").read_text())
    compose["services"]["backend"]["env_file"] = ["backend.env"]
    for name in ("mysql", "redis"):  # others run the same by hand meanwhile
        compose["services"][name]["labels"] = {"tidegate.separate-data": "true"}
    (folder / "docker-compose.yml").write_text(yaml.safe_dump(compose, allow_unicode=True))
    (folder / "backend.env").write_text("PARTNER_PASSWORD=the-first-one\n")
    state = released(stack=QUAY, version="v1.0.0", watch_seconds=0, requested_by="mei")
    assert state.is_completed(), state.message
    yield Quay(tidegate, repository, folder)
    tidegate.retire(QUAY)


@pytest.fixture(scope="module")
def waiting(quay: Quay) -> UUID:
    """A release of v1.1.0 that waits for its approval."""
    return waiting_for("v1.1.0")


def waiting_for(version: str) -> UUID:
    run = start("release/prod", stack=QUAY, version=version, watch_seconds=0, requested_by="mei")
    suspended(run)
    return run


def asked_about_another(quay: Quay, run: UUID) -> tuple[Deployment, str]:
    """Somebody approves what was shown. It does not count: the run asks about another deployment.
    Returns that and its page."""
    before, served = quay.newest, serving(quay.tidegate, QUAY)
    resume(run)
    asked_again(run)
    now, old = quay.newest, quay.tidegate.ledger.deployments.get(before.id)
    assert now.number > before.number
    assert (old.state.value, old.reason) == (
        "expired",
        f"the plan has changed: see #{now.number} {now.version}",
    )
    assert [quay.tidegate.ledger.approvals.of(one.id) for one in (now, old)] == [[], []]
    assert serving(quay.tidegate, QUAY) == served
    page = evidence(now)
    assert "The plan has changed since it was shown" in page.splitlines()[0]
    return now, page


def on_staging(quay: Quay) -> tuple[int, str]:
    answer = quay.tidegate.get(domain_of(QUAY, "staging"))
    return int(answer.headers["X-Tidegate-Deployment"].rpartition("/")[2]), str(
        answer.json()["commit"]
    )


@IN_MEMORY
def test_what_staging_does_not_serve_any_more_goes_through_staging_again(
    quay: Quay, waiting: UUID
) -> None:
    assert release_here(QUAY, "v1.4.0", environment="staging", watch_seconds=0).is_completed()
    other = quay.staging.number
    now, page = asked_about_another(quay, waiting)
    assert on_staging(quay) == (quay.staging.number, now.release.commit)
    assert quay.staging.number == other + 1
    assert "staging was deployed again" in page.splitlines()[0]


def test_a_tag_that_was_moved_is_another_version_which_goes_through_staging(
    quay: Quay, waiting: UUID
) -> None:
    shown, moved = quay.commit_of("v1.1.0"), quay.commit_of("v1.4.0")
    git(quay.repository, "tag", "--force", "v1.1.0", moved)
    now, page = asked_about_another(quay, waiting)
    assert now.release.commit == moved
    assert on_staging(quay) == (quay.staging.number, moved)
    assert f"v1.1.0: `{shown[:12]}` → `{moved[:12]}`" in page.splitlines()[0]


@IN_MEMORY
def test_weaker_checks_in_the_stack_file_are_asked_about_by_name(quay: Quay, waiting: UUID) -> None:
    edit_stack(
        quay.tidegate,
        QUAY,
        lambda stack: stack.update(
            watch={"seconds": 0, "error_ratio": 1}, smoke=[{"name": "anything", "path": "/"}]
        ),
    )
    _, page = asked_about_another(quay, waiting)
    for name in ("`stack watch.error_ratio`", "`stack smoke[0].contains`"):
        assert name in page.splitlines()[0]
    assert "**stack.yaml**" in page


def test_a_new_password_in_a_services_env_file_is_asked_about_and_masked(
    quay: Quay, waiting: UUID
) -> None:
    (quay.folder / "backend.env").write_text(f"PARTNER_PASSWORD={PASSWORD}\n")
    asked, page = asked_about_another(quay, waiting)
    assert "compose services.backend.environment.PARTNER_PASSWORD" in page.splitlines()[0]
    assert PASSWORD not in page
    going_on = open_sealed(asked, quay.tidegate.settings)  # as every later process does
    assert going_on.redactor.redact(f"no login with {PASSWORD}") == "no login with ***"


def test_what_was_approved_is_what_runs_although_its_folder_has_another_name_by_now(
    quay: Quay, waiting: UUID
) -> None:
    shown = quay.newest
    quay.folder.rename(quay.folder.with_name(f"{QUAY}-renamed"))
    try:
        resume(waiting, approver="Mei ")
        state = ended(waiting)
    finally:
        quay.folder.with_name(f"{QUAY}-renamed").rename(quay.folder)
    assert state.is_completed(), state.message
    assert (quay.newest.id, quay.newest.state.value) == (shown.id, "good")
    assert [one.plan_hash for one in quay.tidegate.ledger.approvals.of(shown.id)] == [
        shown.plan_hash
    ]
    assert serving(quay.tidegate, QUAY)[1] == shown.number
    assert f"PARTNER_PASSWORD={PASSWORD}" in environment_of(quay, shown)


def test_a_record_says_when_one_person_has_asked_and_approved(quay: Quay) -> None:
    record = {row.name: row.evidence for row in quay.tidegate.ledger.journal.steps(quay.newest.id)}[
        "publish-record"
    ]["record"]
    assert "Asked for and approved by the same person: mei" in record


def test_the_way_back_is_the_old_version_with_its_old_configuration_even_when_its_slot_is_gone(
    quay: Quay,
) -> None:
    left, old = (
        quay.newest,
        next(one for one in quay.tidegate.history(QUAY) if one.version == "v1.0.0"),
    )
    (quay.folder / "stack.yaml").rename(quay.folder / "not-now.yaml")
    for container in engine(quay.tidegate).client.containers.list(
        all=True, filters={"label": f"com.docker.compose.project={old.slot}"}
    ):
        container.remove(force=True)
    try:
        run = start("rollback/prod", stack=QUAY, reason="wrong sums", requested_by="mei")
        state = ended(run)
    finally:
        (quay.folder / "not-now.yaml").rename(quay.folder / "stack.yaml")
    assert state.is_completed(), state.message
    assert (quay.newest.kind, quay.newest.slot, quay.newest.rollback_target_id) == (
        "rollback",
        old.slot,
        left.id,
    )
    assert "PARTNER_PASSWORD=the-first-one" in environment_of(quay, quay.newest)
    assert slots(quay.tidegate, QUAY)[old.slot] == "running"


# --- a run that is set to another state by the API ---


def set_state(run: UUID, state: State[Any]) -> None:
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run, state, force=True)


def lift_holds(quay: Quay) -> None:
    for hold in quay.tidegate.ledger.holds.active(QUAY):
        quay.tidegate.ledger.holds.lift(QUAY, hold.commit, lifted_by="tester")


def test_a_run_that_is_scheduled_without_an_answer_ends_with_a_sentence(quay: Quay) -> None:
    lift_holds(quay)
    served, run = serving(quay.tidegate, QUAY), waiting_for("v1.4.0")
    set_state(run, Scheduled())
    state = ended(run)
    assert state.is_failed()
    assert "its run was set going without an answer to its question. Start it again" in str(
        state.message
    )
    assert "Traceback" not in str(state.message)
    assert (quay.newest.state.value, serving(quay.tidegate, QUAY)) == ("expired", served)
    assert quay.tidegate.ledger.approvals.of(quay.newest.id) == []


@pytest.mark.parametrize(
    ("state", "why"),
    [
        pytest.param(Completed(), "its run is Completed", marks=IN_MEMORY),
        (Running(), SET_GOING),
        pytest.param(Pending(), SET_GOING, marks=AS_RUNNING),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_a_run_that_is_set_to_another_state_is_ended_with_a_reason(
    quay: Quay, state: State[Any], why: str
) -> None:
    lift_holds(quay)
    served, run = serving(quay.tidegate, QUAY), waiting_for("v1.4.0")
    set_state(run, state)
    assert run_here(recover).is_completed()
    assert (quay.newest.state.value, quay.newest.reason) == ("expired", why)
    assert serving(quay.tidegate, QUAY) == served


def environment_of(quay: Quay, deployment: Deployment) -> list[str]:
    (container,) = engine(quay.tidegate).client.containers.list(
        filters={"label": f"com.docker.compose.project={deployment.slot}"}
    )
    return list(container.attrs["Config"]["Env"])
