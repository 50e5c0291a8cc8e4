"""A warm old slot stands behind the new one only where the edge can see that it is ready: it has
one question for both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import disable_run_logger

from tasks.traffic import switching as traffic
from tests.unit.ledger_parts import Clock, open_ledger
from tests.unit.test_keep_warm import Engine, opened
from tidegate.ledger import Ledger

DOMAIN = "cloudlens.localhost"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path, Clock()) as ledger, disable_run_logger():
        yield ledger


@pytest.mark.parametrize(
    ("old", "standby"),
    [
        ({}, 1),
        ({"domains": ("another.localhost", DOMAIN)}, 1),
        ({"ready_path": "/healthz"}, None),
        ({"https": True}, None),
        ({"domains": ("renamed.localhost",)}, None),
    ],
)
def test_the_old_version_stands_by_where_it_is_asked_as_the_new_one_is(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, old: dict[str, Any], standby: int | None
) -> None:
    work = opened(ledger, Engine())
    was = {"ready_path": "/", "https": False, "domains": (DOMAIN,)} | old
    config = SimpleNamespace(
        https=was["https"],
        domains=was["domains"],
        hosts=was["domains"],
        domains_of={},
        shares_names_with=(),
        callings=(),
    )
    planned = SimpleNamespace(
        **{**vars(work.env), "ready_path": was["ready_path"], "config": config}
    )
    monkeypatch.setattr(traffic, "as_planned", lambda env, other: planned)
    assert traffic.shift_traffic.fn(work)["standby"] == standby
    route = work.env.edge.route("cloudlens", "prod")
    assert route is not None
    assert (route.standby.deployment if route.standby else None) == standby
