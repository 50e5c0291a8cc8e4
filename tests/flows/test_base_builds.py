"""A database that is built from the team's repository: once, by its first release, and again by
`tidegate base` alone."""

from __future__ import annotations

from flows.adopt import adopt
from flows.base import base
from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ADOPTION, BASE, ROLLBACK, asked
from tests.flows.beginnings import (
    build_database,
    edit_database,
    release_another_dockerfile,
    run_by_hand,
)
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.prefect_memory import Run
from tests.flows.stories import Story
from tests.flows.test_base_waiting import look
from tests.world.compose import hash_of
from tests.world.versions import VERSIONS
from tidegate.facts import ContainerFacts
from tidegate.ledger.tables import Deployment
from tidegate.plan.base_changes import CONFIG_HASH_LABEL
from tidegate.plan.image_labels import BASES_LABEL, INPUTS_LABEL, REVISION_LABEL
from tidegate.policy.states import DeploymentState

TWO = ("v1.0.0", "v1.0.1")
"""Of which the second has another file for its database."""


def begun(library: Library, *versions: str) -> Installation:
    prepare = release_another_dockerfile(*versions)
    return library.begin(Story("a database that is built", base, BASE, before=(), prepare=prepare))


def database(made: Installation) -> ContainerFacts:
    [one] = [one for one in made.world.engine.of("shop-prod") if one.service == "db"]
    return one


def built_of(made: Installation) -> str:
    """The version whose commit the image of the database says."""
    sha = made.world.engine.images[database(made).image_id][REVISION_LABEL]
    return next(one.name for one in VERSIONS.values() if one.sha == sha)


def label(made: Installation, **labels: str) -> None:
    """The container of the database bears these too."""
    old = database(made)
    made.world.engine.state(old.name, labels={**old.labels, **labels})


def changed(made: Installation) -> Run:
    run = made.prefect.start(base, **BASE)
    assert run.state.is_completed(), run.state.message
    return run


def last_change(made: Installation) -> Deployment:
    history = made.ledger.deployments.history("shop", "prod")
    return next(one for one in history if one.kind == "base")


def test_the_first_release_builds_it_from_its_commit_and_starts_that_image(
    library: Library,
) -> None:
    made = begun(library, "v1.0.0")
    assert built_of(made) == "v1.0.0"
    assert look(made).waiting == ()
    first = made.ledger.deployments.history("shop", "prod")[0]
    [step] = [one for one in made.ledger.journal.steps(first.id) if one.name == "build-base-images"]
    assert step.evidence == {"images": {"db": database(made).image_id}}


def test_a_release_whose_files_for_it_are_the_same_builds_and_changes_nothing_of_it(
    library: Library,
) -> None:
    made = begun(library, "v1.0.0", "v1.1.0")
    assert built_of(made) == "v1.0.0"
    assert look(made).waiting == ()
    assert "nothing was changed" in str(changed(made).state.message)
    built = [one for one in made.world.moments.made if one.startswith("image tidegate-base")]
    assert len(built) == 1


def test_a_release_with_other_files_for_it_leaves_it_and_its_plan_names_it(
    library: Library,
) -> None:
    made = begun(library, "v1.0.0")
    before = database(made)
    run = made.prefect.start(release, **asked("v1.0.1"))
    assert run.state.is_completed(), run.state.message
    assert database(made) == before
    told = run.pages["shop-prod-plan"].replace("<br>", " ")
    assert "runs otherwise than the compose files say (build)" in told
    assert look(made).waiting == ("db",)


def test_a_change_of_the_base_builds_it_from_the_version_that_serves(library: Library) -> None:
    made = begun(library, *TWO)
    run = changed(made)
    assert "| `db` | `build` |" in run.pages["shop-prod-base"]
    assert built_of(made) == "v1.0.1"
    assert look(made).waiting == ()
    assert last_change(made).figures["base"]["changes"][0]["new_image"] == database(made).image_id


def test_where_only_a_setting_changes_it_keeps_its_image(library: Library) -> None:
    made = begun(library, "v1.0.0")
    old = database(made)
    edit_database(**made.world.edited["db"], command=["--max-connections=300"])(made)
    assert "| `db` | `command` |" in changed(made).pages["shop-prod-base"]
    assert database(made).id != old.id
    assert database(made).image_id == old.image_id
    assert look(made).waiting == ()


def test_an_image_that_never_becomes_healthy_is_followed_by_the_old_one(library: Library) -> None:
    made = begun(library, "v1.0.0", "v1.0.2")
    old = database(made)
    assert made.prefect.start(base, **BASE).state.is_failed()
    assert last_change(made).state is DeploymentState.FAILED
    assert (database(made).image_id, database(made).state) == (old.image_id, "running")
    assert look(made).waiting == ("db",)


def test_a_rollback_asks_for_no_older_image(library: Library) -> None:
    """The base keeps what it was changed to: the version before ran on it, too."""
    made = begun(library, *TWO)
    changed(made)
    state = made.prefect.start(rollback, **ROLLBACK).state
    assert state.is_completed(), state.message
    assert built_of(made) == "v1.0.1"
    assert look(made).waiting == ()
    assert "nothing was changed" in str(changed(made).state.message)


def test_a_rollback_before_the_change_leaves_nothing_to_change(library: Library) -> None:
    made = begun(library, *TWO)
    assert look(made).waiting == ("db",)
    assert made.prefect.start(rollback, **ROLLBACK).state.is_completed()
    assert look(made).waiting == ()


def test_a_database_that_was_taken_over_keeps_its_image_until_its_files_change(
    library: Library,
) -> None:
    def prepare(made: Installation) -> None:
        run_by_hand(made)
        build_database(made)
        label(made, **{CONFIG_HASH_LABEL: hash_of(made.world.model("shop-prod")["services"]["db"])})

    made = library.begin(Story("by hand", base, BASE, before=(), prepare=prepare))
    assert made.prefect.start(adopt, **ADOPTION).state.is_completed()
    by_hand = database(made)
    assert look(made).waiting == ()
    assert made.prefect.start(release, **asked("v1.0.1")).state.is_completed()
    assert database(made) == by_hand
    assert look(made).waiting == ("db",)
    changed(made)
    assert built_of(made) == "v1.0.1"


def test_a_service_that_had_an_image_and_is_built_now_differs(library: Library) -> None:
    made = library.begin(Story("an image", base, BASE, prepare=build_database))
    assert look(made).waiting == ("db",)
    assert "`build`" in changed(made).pages["shop-prod-base"]
    assert INPUTS_LABEL in database(made).labels
    assert look(made).waiting == ()


def test_an_older_server_under_the_same_dockerfile_is_refused(library: Library) -> None:
    """By the tags of the images that it is made from."""
    made = begun(library, *TWO)
    old = database(made)
    label(made, **{BASES_LABEL: '{"mysql:9.1": "sha256:1"}'})
    state = made.prefect.start(base, **BASE).state
    assert state.is_failed()
    assert "mysql:8 is older than mysql:9.1" in str(state.message)
    assert database(made).id == old.id
