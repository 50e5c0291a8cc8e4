"""What a proposed stack file saves: each thing once, and nothing that is only read."""

from __future__ import annotations

from tidegate.proposal.databases import databases_of


def test_a_job_with_the_client_of_a_database_is_no_database() -> None:
    services = {"db": {"image": "postgres:16"}, "init-db": {"image": "postgres:16"}}
    images = dict.fromkeys(services, "postgres")
    assert [one.service for one in databases_of({"services": services}, [], images)] == ["db"]
