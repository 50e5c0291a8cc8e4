"""A Redis is saved and put back with the other databases of its stack, and nothing asks it for a
schema."""

from __future__ import annotations

import pytest

from flows.release import release
from flows.restore import restore
from tests.flows.asking import RESTORE, answering, asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation, write_stack


@pytest.fixture
def made(library: Library) -> Installation:
    """Nothing was released yet; `db` runs both."""
    library.made.begin_from(library.fresh)
    write_stack(library.made.home.parent, with_staging=False)
    file = library.made.home.parent / "stacks" / "shop" / "stack.yaml"
    text = file.read_text().replace(
        "databases:\n", "databases:\n  - {name: queue, engine: redis, service: db}\n", 1
    )
    file.write_text(text.replace("databases: [main]", "databases: [main, queue]", 1))
    library.made.prefect.answer = answering("approve")
    return library.made


def test_it_is_saved_before_a_release_and_comes_back_in_a_restore(made: Installation) -> None:
    for version in ("v1.0.0", "v1.2.0"):
        state = made.prefect.start(release, **asked(version)).state
        assert state.is_completed(), state.message
    assert all(
        {*saved.databases} == {"main", "queue"}
        for saved in made.world.backups_of("shop-prod").sealed.values()
    )
    state = made.prefect.start(restore, **RESTORE).state
    assert state.is_completed(), state.message
