"""`init` in a folder without the code says that the repository is still to be named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tidegate.proposal.dockerfile import read_dockerfile
from tidegate.proposal.remarks import source_warnings, unseen_sources

HERE = read_dockerfile("FROM python:3.12\nCMD python app.py\n")
NOTHING = read_dockerfile("")


def test_what_is_built_here_and_has_no_dockerfile_is_named() -> None:
    services = {
        "web": {"build": {"context": "/srv/shop"}},
        "worker": {"build": {"context": "/srv/shop/worker"}},
        "far": {"build": {"context": "https://example.com/far.git#main"}},
        "db": {"image": "postgres:16"},
    }
    look: Any = SimpleNamespace(
        model={"services": services},
        dockerfiles={"web": HERE, "worker": NOTHING, "far": NOTHING},
    )
    assert unseen_sources(look, services) == ["worker"]
    assert unseen_sources(look, ["web", "far", "db"]) == []


def test_the_stack_file_has_a_comment_only_where_one_is_missing() -> None:
    assert [*source_warnings([])] == []
    assert "No Dockerfile lies here for: web, worker." in next(source_warnings(["web", "worker"]))
