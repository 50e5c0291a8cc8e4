"""What every host of slots must do. A suite gives `compose`, `host`, `slot`, which nobody has
started yet, and `run_one_off`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegate.errors import EngineError
from tidegate.facts import Slot
from tidegate.ports import ContainerHost, Slots
from tidegate.stack.roles import part_of

PROJECT = "com.docker.compose.project"
RunOneOff = Callable[[Slot, str], Callable[[], object]]
"""`docker compose run` of a service of the slot, to its end. Returns what says when that container
was last started."""


class SlotsContract:
    def states(self, host: ContainerHost, slot: Slot) -> dict[str, str]:
        """Service -> state of its container."""
        return {one.service: one.state for one in host.containers({PROJECT: slot.project})}

    def ids(self, host: ContainerHost, slot: Slot) -> set[str]:
        return {one.id for one in host.containers({PROJECT: slot.project})}

    def test_a_slot_that_was_started_runs_whole(
        self, compose: Slots, host: ContainerHost, slot: Slot
    ) -> None:
        compose.up(slot)
        assert self.states(host, slot) == dict.fromkeys(slot.model["services"], "running")

    def test_its_labels_find_it_and_those_of_others_do_not(
        self, compose: Slots, host: ContainerHost, slot: Slot
    ) -> None:
        compose.up(slot)
        assert {one.service for one in host.containers({"tidegate.test": slot.project})} == set(
            slot.model["services"]
        )
        assert host.containers({"tidegate.test": "another"}) == []

    def test_started_again_it_makes_nothing(
        self, compose: Slots, host: ContainerHost, slot: Slot
    ) -> None:
        compose.up(slot)
        before = self.ids(host, slot)
        compose.up(slot)
        assert self.ids(host, slot) == before

    def test_stopped_it_is_kept_and_starts_as_it_was(
        self, compose: Slots, host: ContainerHost, slot: Slot
    ) -> None:
        compose.up(slot)
        before = self.ids(host, slot)
        for _ in range(2):
            compose.stop(slot.project, grace_seconds=1)
            assert set(self.states(host, slot).values()) == {"exited"}
        for _ in range(2):
            compose.start_again(slot.project)
            assert set(self.states(host, slot).values()) == {"running"}
        assert self.ids(host, slot) == before

    def test_one_of_its_services_is_stopped_and_started_by_itself(
        self, compose: Slots, host: ContainerHost, slot: Slot
    ) -> None:
        compose.up(slot)
        before = self.ids(host, slot)
        for _ in range(2):
            compose.stop(slot.project, 1, {"worker-1"})
            assert self.states(host, slot) == {"web-1": "running", "worker-1": "exited"}
        compose.start_again(slot.project, {"worker-1"})
        assert self.states(host, slot) == {"web-1": "running", "worker-1": "running"}
        assert self.ids(host, slot) == before
        worker = next(
            one for one in host.containers({PROJECT: slot.project}) if one.service == "worker-1"
        )
        assert worker.started_at is not None
        assert worker.ended_at is not None
        assert worker.ended_at < worker.started_at

    def test_a_part_of_it_is_started_first_and_the_rest_later(
        self, compose: Slots, host: ContainerHost, slot: Slot
    ) -> None:
        compose.up(part_of(slot, ["web-1"]))
        assert self.states(host, slot) == {"web-1": "running"}
        first = self.ids(host, slot)
        compose.up(part_of(slot, ["worker-1"]))
        assert self.states(host, slot) == {"web-1": "running", "worker-1": "running"}
        assert first < self.ids(host, slot)

    def test_removed_it_is_gone_and_cannot_be_started_again(
        self, compose: Slots, host: ContainerHost, slot: Slot
    ) -> None:
        compose.up(slot)
        for _ in range(2):
            compose.remove(slot.project)
            assert self.states(host, slot) == {}
        with pytest.raises(EngineError, match="have been removed"):
            compose.start_again(slot.project)

    def test_what_compose_run_has_left_is_no_service_of_it(
        self, compose: Slots, host: ContainerHost, slot: Slot, run_one_off: RunOneOff
    ) -> None:
        compose.up(slot)
        before = self.ids(host, slot)
        started = run_one_off(slot, "worker-1")
        once = started()
        assert self.ids(host, slot) == before
        compose.stop(slot.project, grace_seconds=1)
        compose.start_again(slot.project)
        assert set(self.states(host, slot).values()) == {"running"}
        assert started() == once
