"""`tidegate status` says what people get, not only what the ledger remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli import status, status_table
from tests.attacks.edge_process import *  # noqa: F403
from tests.attacks.edge_process import EdgeProcess
from tests.integration.visited_apps import App, Shop, running, shop
from tests.unit.test_cli_tables import printed
from tidegate.edge.facts import Target


def row(found: Shop) -> dict[str, Any]:
    [one] = status.rows(found.env.settings, "shop")
    return one


def test_a_good_deployment_whose_containers_are_gone_is_not_shown_as_good(
    tmp_path: Path, edge: EdgeProcess
) -> None:
    with running(App()) as app, shop(tmp_path, edge.block) as found:
        edge.block.apply(found.route(Target(1, app.url)))
        assert (row(found)["answers"], row(found)["trouble"]) == (200, "web is gone")
        app.shutdown()
        app.server_close()
        one = row(found)
        assert (one["state"], one["agrees"], one["answers"]) == ("good", True, 502)
        assert one["trouble"] == "people get 502, web is gone"
        assert "good, but people get 502, web is gone" in printed(status_table.table([one]), 200)
        edge.stop()
        assert row(found)["trouble"] == "the edge takes no connection, web is gone"
        edge.start()


def test_an_environment_where_nothing_was_deployed_has_no_trouble(
    tmp_path: Path, edge: EdgeProcess
) -> None:
    with shop(tmp_path, edge.block) as found:
        staging = (tmp_path / "shop" / "stack.yaml").read_text().replace("prod:", "staging:")
        (tmp_path / "shop" / "stack.yaml").write_text(staging)
        assert row(found)["trouble"] is None
