"""A database that is elsewhere moves with its versions, whether Tidegate saves it or somebody else
does."""

from __future__ import annotations

import pytest

from flows.release import release
from flows.rollback import rollback
from tests.flows.asking import ROLLBACK, answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation, write_stack
from tests.world.world import BASE_IMAGE

REASON = "the provider saves it each night"


@pytest.fixture(params=[True, False], ids=["saved-here", "saved-elsewhere"])
def made(library: Library, request: pytest.FixtureRequest) -> Installation:
    """Nothing was released yet; `db` is a service without a database of the stack."""
    library.made.begin_from(library.fresh)
    write_stack(library.made.home.parent, with_staging=False)
    file = library.made.home.parent / "stacks" / "shop" / "stack.yaml"
    text = file.read_text().replace("service: db", f"client_image: '{BASE_IMAGE}'", 1)
    if not request.param:
        text = text.replace("databases: [main], ", "", 1).replace(
            "engine: mysql", f"engine: mysql, saved_elsewhere: {REASON}", 1
        )
    file.write_text(text)
    library.made.prefect.answer = answering("approve")
    return library.made


def revision(made: Installation) -> str | None:
    return made.world.databases.by_network["db/shop"].content.revision


def test_its_schema_goes_up_and_comes_back_with_the_versions(made: Installation) -> None:
    for version, at in (("v1.0.0", "0001"), ("v1.2.0", "0003")):
        state = made.prefect.start(release, **asked(version)).state
        assert state.is_completed(), state.message
        assert revision(made) == at
    state = made.prefect.start(rollback, **ROLLBACK).state
    assert state.is_completed(), state.message
    assert revision(made) == "0001"


def test_it_is_in_the_backup_unless_somebody_else_saves_it(made: Installation) -> None:
    made.prefect.start(release, **asked("v1.0.0"))
    [saved] = made.world.backups_of("shop-prod").sealed.values()
    is_saved_here = REASON not in (made.home.parent / "stacks" / "shop" / "stack.yaml").read_text()
    assert ("main" in saved.databases) is is_saved_here
    assert "files:${MEDIA}" in saved.volumes
