"""Which images go: those of what serves nowhere, waits nowhere, and is gone back to nowhere."""

from __future__ import annotations

from tests.unit.ledger_parts import deploy
from tidegate.ledger import Ledger
from tidegate.policy.states import DeploymentState as S


def needless(ledger: Ledger, newest: int = 2) -> list[str]:
    found = ledger.releases.needless("cloudlens", newest)
    return sorted(version for versions in found.values() for version in versions)


def test_as_many_good_ones_are_kept_as_a_way_back_can_reach(ledger: Ledger) -> None:
    for number in range(1, 6):
        deploy(ledger, f"v{number}")
    assert needless(ledger) == ["v1", "v2", "v3"]
    assert needless(ledger, 5) == []


def test_what_came_to_nothing_is_not_kept(ledger: Ledger) -> None:
    deploy(ledger, "v1")
    deploy(ledger, "v2", S.FAILED)
    assert needless(ledger) == ["v2"]


def test_what_somebody_decides_about_or_works_on_is_kept(ledger: Ledger) -> None:
    deploy(ledger, "v1", S.WAITING, environment="staging")
    deploy(ledger, "v2", S.CHANGING)
    assert needless(ledger) == []


def test_what_another_environment_needs_is_kept(ledger: Ledger) -> None:
    deploy(ledger, "v1", environment="staging")
    for number in range(1, 5):
        deploy(ledger, f"v{number}")
    assert needless(ledger) == ["v2"]


def test_what_a_rollback_has_put_back_serves_and_is_kept(ledger: Ledger) -> None:
    first = deploy(ledger, "v1")
    for number in range(2, 5):
        deploy(ledger, f"v{number}")
    deploy(ledger, "v1", origin=first)
    assert needless(ledger) == ["v2"]


def test_an_image_is_kept_while_one_of_its_versions_is(ledger: Ledger) -> None:
    for number in range(1, 5):
        release = ledger.releases.record(
            stack="cloudlens",
            version=f"v{number}",
            commit=f"{number}" * 40,
            images={"web": "sha256:same", "backend": f"sha256:{number}"},
            config_hash="c",
        )
        one = ledger.deployments.open(
            key=f"release/{number}/prod",
            release_id=release.id,
            environment="prod",
            requested_by="mei",
            run_id=str(number),
        )
        for state in (S.CHANGING, S.GOOD):
            ledger.deployments.move(one.id, state, reason="", actor="mei")
    assert ledger.releases.needless("cloudlens", 2) == {"sha256:1": {"v1"}, "sha256:2": {"v2"}}


def test_a_release_that_is_being_opened_is_left_alone(ledger: Ledger) -> None:
    """It is recorded right before its deployment is."""
    ledger.releases.record(
        stack="cloudlens", version="v1", commit="1" * 40, images={"web": "sha256:1"}, config_hash=""
    )
    assert needless(ledger) == []
