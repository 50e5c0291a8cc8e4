"""What a proposed stack file saves: each thing once, and nothing that is only read."""

from __future__ import annotations

from typing import Any

from tests.unit.test_proposed_called import look
from tidegate.proposal.databases import databases_of
from tidegate.proposal.proposed import _volumes


def volume(source: str, **how: Any) -> dict[str, Any]:
    return {"type": "volume", "source": source, "target": f"/{source}", **how}


def test_a_job_with_the_client_of_a_database_is_no_database() -> None:
    services = {"db": {"image": "postgres:16"}, "init-db": {"image": "postgres:16"}}
    images = dict.fromkeys(services, "postgres")
    assert [one.service for one in databases_of({"services": services}, [], images)] == ["db"]


def test_a_volume_that_is_only_read_is_not_saved() -> None:
    """It may be the folder of a database, which is dumped: a copy would be put back over it."""
    seen = look(backup={"volumes": [volume("pg", read_only=True), volume("kept")]})
    seen.model["volumes"] = {"pg": None, "kept": None}
    assert _volumes(seen, ["backup"]) == ("kept",)
