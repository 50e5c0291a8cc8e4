"""Each broken version of the example goes wrong in the one way that its tag says.

`v1.2.8-slow-start` and `v1.2.9-turns-bad` take their time: whole releases show them, in tests/e2e/test_broken_releases.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from tests.integration.example_stack import PUBLIC, App, sign_in

pytest_plugins = ["tests.integration.example_fixtures"]


def test_never_healthy_answers_but_is_never_ready(app: App) -> None:
    client = _answering(app.serve("v1.2.0-never-healthy", ready=False))
    assert client.get("/ready").status_code == 503


def test_api_500_is_ready_and_fails_at_the_bills(app: App) -> None:
    assert sign_in(app.serve("v1.2.1-api-500")).get("/api/bills").status_code == 500


def test_empty_data_answers_well_with_nothing(app: App) -> None:
    answer = sign_in(app.serve("v1.2.2-empty-data")).get("/api/bills")
    assert (answer.status_code, answer.json()) == (200, {"items": []})


def test_crash_at_start_does_not_live(app: App) -> None:
    app.compose("v1.2.3-crash-at-start", "up", "-d", "--wait", "backend", good=(1,))
    assert "CLOUDLENS_LICENSE_KEY" in app.compose("v1.2.3-crash-at-start", "logs", "backend")


def test_crash_after_switch_lives_until_it_serves_the_public(app: App) -> None:
    version = "v1.2.4-crash-after-switch"
    client = app.serve(version)
    time.sleep(7)
    assert client.get("/ready").status_code == 200
    assert client.get("/", headers={"Host": PUBLIC}).status_code == 200
    _until(lambda: "exited" in app.compose(version, "ps", "--all", "--format", "{{.State}}", "backend"))


def test_migration_fails_stops_in_the_middle(app: App) -> None:
    printed = app.migrate("v1.2.5-migration-fails", "upgrade", "head", good=(1,))
    assert "Duplicate entry" in printed
    assert "0002" in app.migrate("v1.1.0", "current")
    assert sign_in(app.serve("v1.1.0")).get("/api/bills").status_code == 200
    _drop_half_of_the_migration(app)


def test_two_heads_cannot_be_upgraded_to_one(app: App) -> None:
    assert "Multiple head revisions" in app.migrate("v1.2.6-two-heads", "upgrade", "head", good=(1, 255))


def test_lossy_downgrade_loses_the_notes(app: App) -> None:
    version = "v1.2.7-lossy-downgrade"
    app.migrate(version, "upgrade", "head")
    assert sign_in(app.serve(version)).get("/api/bills").status_code == 200
    app.migrate(version, "downgrade", "0002")
    assert sign_in(app.serve("v1.1.0")).get("/api/bills").json()["items"][0]["note"] is None


def test_needs_downgrade_keeps_every_amount_and_shuts_out_the_old_version(app: App) -> None:
    version, before = "v1.3.0-needs-downgrade", _amounts(app, "v1.1.0")
    app.migrate(version, "upgrade", "head")
    assert _amounts(app, version) == before
    assert sign_in(app.serve("v1.1.0")).get("/api/bills").status_code == 500
    app.migrate(version, "downgrade", "0002")
    assert _amounts(app, "v1.1.0") == before


def _amounts(app: App, version: str) -> list[str]:
    client = sign_in(app.serve(version))
    assert client.get("/api/discounts").status_code == 200
    return [item["amount"] for item in client.get("/api/bills").json()["items"]]


def _drop_half_of_the_migration(app: App) -> None:
    """As a person would: the statements before the failed one were not rolled back, for MySQL commits each of them."""
    for statement in ("DROP INDEX idx_bills_account ON bills", "ALTER TABLE bills DROP COLUMN currency"):
        app.compose("v1.1.0", "exec", "-T", "mysql", "sh", "-c",
                    f'MYSQL_PWD=$MYSQL_PASSWORD mysql -u cloudlens $MYSQL_DATABASE -e "{statement}"')


def _answering(client: httpx.Client) -> httpx.Client:
    _until(lambda: _health(client))
    return client


def _health(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def _until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.3)
