"""A port of the host that the team's own container has, and that the stack file keeps: taken over,
handed on by a release, and let go on the way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from cli.status import rows
from flows.adopt import adopt
from tests.e2e.by_hand import CROFT, NEW, OLD, started_by_hand
from tests.e2e.in_process import release_here, roll_back_here, run_here
from tests.installation import Installation
from tidegate.edge.headers import DEPLOYMENT_HEADER

pytestmark = pytest.mark.crash_only(
    "tests/flows/test_kept_ports.py; tests/integration/test_kept_ports.py"
)


@pytest.fixture
def port(tidegate: Installation, tmp_path: Path) -> Iterator[int]:
    with started_by_hand(tidegate, tmp_path / "repository") as port:
        yield port


def test_a_port_that_is_kept_is_handed_on_to_who_serves_and_let_go_on_the_way_back(
    tidegate: Installation, port: int
) -> None:
    file = tidegate.settings.stacks / CROFT / "stack.yaml"
    content = yaml.safe_load(file.read_text())
    kept_port = {"service": "backend", "host_port": port, "address": "127.0.0.1"}
    content["environments"]["prod"]["kept_ports"] = [kept_port]
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))

    def answer() -> tuple[str, str | None]:
        got = httpx.get(f"http://127.0.0.1:{port}/version", trust_env=False)
        return got.json()["version"], got.headers.get(DEPLOYMENT_HEADER)

    state = run_here(adopt, stack=CROFT, environment="prod", requested_by="mei")
    assert state.is_completed(), state.message
    assert answer() == (OLD, None)
    [row] = rows(tidegate.settings, CROFT)
    assert row["called"] == [f"port 127.0.0.1:{port} of the host"]

    released = release_here(CROFT, NEW)
    assert released.is_completed(), released.message
    assert answer() == (NEW, f"{CROFT}/prod/2")

    went_back = roll_back_here(CROFT)
    assert went_back.is_completed(), went_back.message
    assert answer() == (OLD, None)
