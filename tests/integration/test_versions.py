"""`tidegate versions`: what can be released, what serves and what is held, from git and the
ledger."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tasks.frame.asked import releasable
from tests.integration.newcomers import WEB_AND_DB, begun, cloned
from tests.unit.ledger_parts import PATH_TO, ledger_url
from tidegate.ledger.ledger import Ledger
from tidegate.policy.states import DeploymentState as S
from tidegate.settings import Settings


def test_each_version_says_where_it_serves_and_whether_it_is_held(tmp_path: Path) -> None:
    clone = cloned(WEB_AND_DB, tmp_path)
    begun(clone)
    settings = Settings(stacks=clone, home=tmp_path)
    ledger = Ledger(ledger_url(tmp_path))
    commit = subprocess.run(
        ["git", "-C", clone, "rev-parse", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout.strip()
    first = ledger.releases.record(
        stack="my-shop", version="v0.9.0", commit="f" * 40, images={"web": "x"}, config_hash="c"
    )
    opened = ledger.deployments.open(
        key="k",
        release_id=first.id,
        environment="staging",
        requested_by="mei",
        run_id="r",
        kind="release",
    )
    for state in PATH_TO[S.GOOD]:
        opened = ledger.deployments.move(opened.id, state, reason="test", actor="mei")
    ledger.holds.place(
        stack="my-shop", version="v1.2.0", commit=commit, reason="it loses orders", placed_by="mei"
    )
    ledger.close()
    found = releasable(settings, "my-shop", 10)
    assert {(one.version, one.serves, one.held) for one in found} == {
        ("v1.10.0", (), "it loses orders"),
        ("v1.2.0", (), "it loses orders"),
        ("v0.9.0", ("staging #1",), None),
    }
    assert len(releasable(settings, "my-shop", 1)) == 2
