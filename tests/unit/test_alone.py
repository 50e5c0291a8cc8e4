"""Which services never run twice, and how long one did not run between its old container and its
new one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.slots.alone import gap_seconds, role
from tidegate.facts import ContainerFacts

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def container(
    project: str,
    service: str,
    *,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> ContainerFacts:
    facts: dict[str, Any] = {
        "id": service,
        "name": service,
        "image_id": "",
        "state": "running",
        "health": "none",
    }
    return ContainerFacts(
        **facts,
        service=service,
        restarts=0,
        exit_code=0,
        labels={"com.docker.compose.project": project},
        started_at=started_at,
        ended_at=ended_at,
    )


@pytest.mark.parametrize(
    ("project", "service", "name"),
    [
        ("shop-prod-42", "beat-42", "beat"),
        ("shop-prod-42", "beat-2-42", "beat-2"),
        ("shop-prod", "beat", "beat"),
        ("odoo18", "beat-18", "beat-18"),
        ("shop-prod-4", "beat-42", "beat-42"),
    ],
)
def test_a_container_carries_out_a_service_of_the_compose_files(
    project: str, service: str, name: str
) -> None:
    assert role(container(project, service)) == name


def test_the_gap_is_from_the_last_end_elsewhere_to_the_start_here() -> None:
    old = [
        container("shop-prod-6", "beat-6", ended_at=NOON),
        container("shop-prod-5", "beat-5", ended_at=NOON - timedelta(days=1)),
    ]
    here = [container("shop-prod-7", "beat-7", started_at=NOON + timedelta(seconds=1.24))]
    assert gap_seconds(here, old) == 1.2
    assert gap_seconds(here, []) is None
    assert gap_seconds([], old) is None
