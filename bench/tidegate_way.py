"""A release and its ways back with Tidegate: warm while it is watched, cold after, and by itself
after an event."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from bench.measuring import Measured, measure
from bench.stages import Stages, stages_of
from bench.ways_back import Back, again_and_again, command_of, roll_back
from blocks.docker.host import DockerHost
from blocks.probes.witness import TrafficWitness
from tests.e2e.releases import ended, released, start
from tests.installation import Installation, domain_of
from tests.integration.incident_fixtures import alert, send, webhook
from tidegate.policy.states import DeploymentState

OLD, NEW, BAD = "v1.1.0", "v1.4.0", "v1.2.9-turns-bad"
LONG_WATCH_SECONDS = 120
GOOD_SECONDS = 30  # of BAD, after its first request
MOST_SECONDS = 120


class TidegateWay:
    """What is measured with one application; the stack serves `OLD` before and after."""

    def __init__(self, tidegate: Installation, stack: str, app: str) -> None:
        self.tidegate, self.stack, self.app, self.stages = tidegate, stack, app, list[Stages]()
        self._domain = domain_of(stack, "prod")
        self._take = partial(
            measure, app=app, base_url=tidegate.plane.edge_url, domain=self._domain
        )

    def measured(self) -> Iterator[Measured]:
        """Release, warm rollback, release again, cold rollback."""
        runs: list[UUID] = []
        yield self._take(
            "Tidegate: release", version=NEW, change=lambda: runs.append(self._release())
        )
        yield self._take(
            "Tidegate: rollback, warm", version=OLD, change=lambda: self._roll_back("warm")
        )
        ended(runs[0])
        self._good(NEW)
        self._remove_slot_of(OLD)
        yield self._take(
            "Tidegate: rollback, cold", version=OLD, change=lambda: self._roll_back("cold")
        )
        self._lift()

    def ways_back(self) -> dict[str, list[Back]]:
        """While the release is watched, and when its old slot was stopped as it is an hour
        later."""
        back = partial(roll_back, self.tidegate, self.stack, OLD)
        return {
            "warm": again_and_again(self._watched, back),
            "stopped": again_and_again(self._over, back),
        }

    def _watched(self) -> Callable[[], None]:
        self._lift()
        run = self._release()
        return partial(_end, run)

    def _over(self) -> Callable[[], None]:
        self._good(NEW)
        return self._lift

    def turn_bad(self) -> None:
        """A version goes bad after its watch; an alert is answered while nobody acts."""
        self._good(BAD)
        with TrafficWitness(
            self.tidegate.plane.edge_url, self._domain, "/api/bills", rate_per_second=50
        ):
            time.sleep(GOOD_SECONDS + 10)
            begun = datetime.now(UTC)
            answer = send(
                self.tidegate.plane,
                webhook({**alert("bench", stack=self.stack), "startsAt": begun.isoformat()}),
            )
            assert answer.is_success, answer.text
            self._wait(lambda: self.tidegate.history(self.stack)[0].kind == "rollback")
            self._wait(lambda: self.tidegate.history(self.stack)[0].state is DeploymentState.GOOD)
        self.stages.append(
            stages_of(self.tidegate, self.stack, f"by itself, after an alert: {self.app}", begun)
        )
        self._lift()

    def _release(self) -> UUID:
        run = start("release/prod", stack=self.stack, version=NEW, watch_seconds=LONG_WATCH_SECONDS)
        self._wait(lambda: self.tidegate.history(self.stack)[0].state is DeploymentState.WATCHING)
        return run

    def _roll_back(self, how: str) -> None:
        """As a person types it."""
        begun = datetime.now(UTC)
        list(command_of(self.tidegate, self.stack, 0))
        self.stages.append(stages_of(self.tidegate, self.stack, f"{how}: {self.app}", begun))

    def _good(self, version: str) -> None:
        self._lift()
        state = released(stack=self.stack, version=version, watch_seconds=1)
        assert state.is_completed(), state.message

    def _remove_slot_of(self, version: str) -> None:
        slot = next(one.slot for one in self.tidegate.history(self.stack) if one.version == version)
        engine = DockerHost()
        for container in engine.containers({"com.docker.compose.project": slot}):
            engine.client.containers.get(container.id).remove(force=True)

    def _lift(self) -> None:
        for hold in self.tidegate.ledger.holds.active(self.stack):
            self.tidegate.ledger.holds.lift(
                self.stack, hold.commit, lifted_by="bench", reason="measured again"
            )

    def _wait(self, seen: Callable[[], bool]) -> None:
        end = time.monotonic() + MOST_SECONDS
        while not seen():
            assert time.monotonic() < end, "it never came"
            time.sleep(0.1)


def _end(run: UUID) -> None:
    ended(run)  # overtaken, so it failed
