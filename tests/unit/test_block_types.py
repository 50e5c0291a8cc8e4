"""Our types of blocks have names of their own: a server registers those of Prefect's collections at
each start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import prefect
import pytest
from prefect.blocks.core import Block
from prefect.utilities.dispatch import get_registry_for_type

from tests.unit.test_docs import blocks

COLLECTIONS = Path(prefect.__file__).parent / "server" / "collection_blocks_data.json"


def of_collections() -> dict[str, str]:
    """Slug and name of each type in the list that a server registers."""
    known: dict[str, Any] = json.loads(COLLECTIONS.read_text(encoding="utf-8"))["collections"]
    return {
        kind["slug"]: kind["name"]
        for collection in known.values()
        for kind in collection["block_types"].values()
    }


def of_prefect() -> dict[str, str]:
    """The types that come with Prefect itself."""
    kinds = [
        kind
        for kind in (get_registry_for_type(Block) or {}).values()
        if kind.__module__.startswith("prefect.")
    ]
    return {kind.get_block_type_slug(): kind.get_block_type_name() for kind in kinds}


@pytest.mark.parametrize("slug", blocks())
def test_no_type_of_ours_has_the_name_of_somebody_elses(slug: str) -> None:
    theirs = {**of_collections(), **of_prefect()}
    assert {"docker-host", "slack-webhook"} <= set(theirs)  # the lists are read
    assert slug not in theirs
    assert blocks()[slug].get_block_type_name() not in theirs.values()
