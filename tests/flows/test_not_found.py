"""What is to be taken over and does not run under the name that is looked for: a person is told
which project it may be, and nothing is changed."""

from __future__ import annotations

from flows.adopt import adopt
from tests.flows.asking import ADOPTION
from tests.flows.beginnings import run_by_hand
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import Story
from tests.world.by_hand import start_by_hand
from tests.world.world import model_of
from tidegate.plan.adoption import CONFIG_FILES_LABEL


def refused(library: Library, *projects: str) -> str:
    """What a takeover says where these compose projects run by hand."""

    def start(made: Installation) -> None:
        for one in projects:
            start_by_hand(made.world.engine, model_of(one), "v1.0.0")

    made = library.begin(Story("a takeover of nothing", adopt, ADOPTION, before=(), prepare=start))
    there = list(made.world.engine.containers_by_name.values())
    state = made.prefect.start(adopt, **ADOPTION).state
    assert state.is_failed()
    assert list(made.world.engine.containers_by_name.values()) == there
    assert made.ledger.deployments.history("shop", "prod") == []
    return str(state.message)


def test_where_nothing_like_it_runs_a_person_is_told_where_to_look(library: Library) -> None:
    said = refused(library)
    assert "the compose project shop-prod has none of web, worker, beat" in said
    assert "no other project looks like it" in said
    assert "`base_project` under environments.prod of stack.yaml" in said


def test_a_project_that_has_all_its_services_is_named(library: Library) -> None:
    said = refused(library, "myshop")
    assert "This looks like it: myshop (myshop-beat-1, myshop-db-1, " in said
    assert "Write `base_project: myshop` under environments.prod" in said


def test_projects_that_tidegate_knows_are_not_offered(library: Library) -> None:
    """The other environments of a stack have all its services too."""

    def start(made: Installation) -> None:
        start_by_hand(made.world.engine, model_of("shop-staging"), "v1.0.0")

    made = library.begin(
        Story("another's", adopt, ADOPTION, before=(), with_staging=True, prepare=start)
    )
    state = made.prefect.start(adopt, **ADOPTION).state
    assert "no other project looks like it" in str(state.message)


def test_one_that_was_started_from_its_compose_file_is_named_before_one_that_is_only_alike(
    library: Library,
) -> None:
    file = library.made.home.parent / "stacks" / "shop" / "compose.yaml"

    def start(made: Installation) -> None:
        for one in ("alike", "from-the-file"):
            start_by_hand(made.world.engine, model_of(one), "v1.0.0")
        for container in made.world.engine.of("from-the-file"):
            labels = {**container.labels, CONFIG_FILES_LABEL: str(file.resolve())}
            made.world.engine.state(container.name, labels=labels)

    made = library.begin(Story("one of two", adopt, ADOPTION, before=(), prepare=start))
    said = str(made.prefect.start(adopt, **ADOPTION).state.message)
    assert "`base_project: from-the-file`" in said
    assert "alike" not in said


def test_what_serves_already_is_not_taken_over_again(library: Library) -> None:
    made = library.begin(Story("a takeover of a release", adopt, ADOPTION, prepare=run_by_hand))
    state = made.prefect.start(adopt, **ADOPTION).state
    assert state.is_failed()
    assert "#1 v1.0.0 serves already" in str(state.message)
