"""Taken over while people write: no confirmed row is lost, the database is never restarted, and the
way back is the old one."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.control_plane import BIN
from cli.status import rows, warnings
from control.deployments import register
from flows.adopt import adopt
from setup.places import ROOT
from tasks.frame.asked import printed
from tests.e2e.by_hand import (
    BY_HAND,
    CROFT,
    HOST,
    NEW,
    OLD,
    Writers,
    kept,
    life_of,
    one_of,
    started_by_hand,
)
from tests.e2e.in_process import release_here, roll_back_here, run_here, serving, slots
from tests.installation import Installation, domain_of

LEAST_ROWS = 200


@pytest.fixture
def port(tidegate: Installation, tmp_path: Path) -> Iterator[int]:
    with started_by_hand(tidegate, tmp_path / "repository") as port:
        yield port


def said_by_command(tidegate: Installation) -> str:
    """As a person types it, who wants to see first."""
    register(tidegate.settings)  # the worker does it within a minute
    done = subprocess.run(
        [BIN / "tidegate", "adopt", CROFT, "--plan-only"],
        env=tidegate.plane.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def adopt_here() -> str:
    state = run_here(adopt, stack=CROFT, environment="prod", requested_by="mei")
    assert state.is_completed(), state.message
    return state.message or ""


def test_nothing_is_lost_when_an_application_is_taken_over_released_and_rolled_back(
    tidegate: Installation, port: int
) -> None:
    refused = release_here(CROFT, NEW)
    assert refused.is_failed()
    assert f"tidegate adopt {CROFT} prod" in (refused.message or "")

    by_port, by_edge = f"http://127.0.0.1:{port}", tidegate.plane.edge_url
    database, web = life_of(one_of("mysql").id), life_of(one_of("backend").id)
    shown = said_by_command(tidegate)
    assert [
        word
        for word in (
            f"{BY_HAND}_mysql-data",
            f"{CROFT}-mysql-prod",
            f"127.0.0.1:{port}",
            "proxy_pass",
        )
        if word not in shown
    ] == []
    assert tidegate.history(CROFT) == []
    with Writers(by_port, domain_of(CROFT, "prod")) as writers:
        adopt_here()
        assert serving(tidegate, CROFT) == (OLD, 1)
        assert "nothing was changed" in adopt_here()
        assert [
            one
            for one in warnings(tidegate.settings)
            if f"127.0.0.1:{port} → 8000 of the host is served by" in one
        ]
        assert printed(tidegate.settings, CROFT, "prod", service=None, lines=5, follow=False)
        writers.url = by_edge

        released = release_here(CROFT, NEW)
        assert released.is_completed(), released.message
        assert serving(tidegate, CROFT) == (NEW, 2)
        assert one_of("backend").state == "exited"
        with pytest.raises(httpx.ConnectError):
            httpx.get(by_port, trust_env=False)

        went_back = roll_back_here(CROFT)
        assert went_back.is_completed(), went_back.message
        assert serving(tidegate, CROFT) == (OLD, 3)
    assert writers.lost == []
    assert len(writers.confirmed) > LEAST_ROWS
    assert kept(tidegate) == writers.confirmed
    assert life_of(one_of("mysql").id) == database
    assert life_of(one_of("backend").id)[0] == web[0]
    assert [(row["version"], row["trouble"]) for row in rows(tidegate.settings, CROFT)] == [
        (OLD, None)
    ]

    give_back(tidegate)
    assert httpx.get(by_port + "/version", trust_env=False).json()["version"] == OLD
    assert slots(tidegate, CROFT) == {}
    assert kept(tidegate) == writers.confirmed
    assert life_of(one_of("mysql").id) == database


def give_back(tidegate: Installation) -> None:
    """The lines of the manual, with the names of here."""
    manual = (ROOT / "docs" / "operations.md").read_text()
    [lines] = re.findall(r"### Give it back.*?```\n(.*?)```", manual, re.DOTALL)
    written = (
        lines.replace("=umami", f"={CROFT}")
        .replace("umami_prod", f"{CROFT}_prod")
        .replace(".tidegate/", f"{tidegate.settings.home}/")
    )
    subprocess.run(["sh", "-euc", written], check=True, capture_output=True, timeout=60)
    assert HOST.containers({"com.docker.compose.project": BY_HAND})
