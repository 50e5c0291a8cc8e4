"""The cases of the crash matrix, and the names of the faults beside it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.extent import IS_WHOLE

RELEASE_STEPS = (
    "plan",
    "ensure-images",
    "start-base-services",
    "refuse-unseen-data",
    "back-up",
    "rehearse-migration",
    "migrate-schema",
    "start-slot",
    "wait-until-healthy",
    "note-baseline",
    "offer-candidate",
    "smoke-slot",
    "hand-over-alone",
    "shift-traffic",
    "smoke-public",
    "watch",
    "settle-route",
    "move-alias",
    "stop-old-slot",
    "publish-record",
)
ROLLBACK_STEPS = (
    "plan",
    "refuse-lossy",
    "find-images",
    "wake-slot",
    "wait-until-healthy",
    "downgrade-schema",
    "offer-candidate",
    "smoke-slot",
    "shift-traffic",
    "hand-over-alone",
    "smoke-public",
    "place-hold",
    "stop-slot-left",
)
MIGRATING = "v1.3.0-needs-downgrade"
SCHEMA_STEPS = ("back-up", "rehearse-migration", "migrate-schema", "downgrade-schema")
"""They have something to do where the version is `MIGRATING`."""
MOMENTS = ("in the middle of", "after")
REDUCED = (
    ("release", "in the middle of", "migrate-schema"),
    ("rollback", "in the middle of", "shift-traffic"),
)
"""Before the switch with a changed schema, and at the switch of a way back. A half-made slot is
`SERVER_KILLED`. Each moment of every flow is killed in memory: tests/flows."""

THEN_BROKEN = "release killed after shift-traffic, then a broken version released"
WORKER_KILLED = "worker killed in the middle of start-slot"
SERVER_KILLED = "Prefect server killed in the middle of start-slot"
DATABASE_STOPPED = "database stopped in the middle of back-up"
EDGE_RESTARTED = "edge restarted in the middle of shift-traffic"
EDGE_RESTARTED_IN_WATCH = "edge restarted in the middle of watch"
DISK_FULL = "disk full at back-up"
STOPPED_FROM_OUTSIDE = "new container stopped by somebody in the middle of wait-until-healthy"
REGISTRY_GONE = "registry gone before a release"
REGISTRY_GONE_AT_PUSH = "registry gone in the middle of a push"
REGISTRY_GONE_AT_PULL = "registry gone, and the rollback's image with it"
CUT_SHORT = "network to the host cut for a moment in the middle of {step}"
CUT_FOR_GOOD = "network to the host cut for good in the middle of {step}"
CUT_AND_KILLED = "network to the host cut, and the release killed"
ENGINE_STOPPED = "engine stopped by {signal} in the middle of start-slot"
CUT_STEPS = ("start-slot", "wait-until-healthy")
SIGNALS = (
    "SIGTERM",
)  # an engine that is killed leaves `unless-stopped` containers stopped: operations.md
FAULTS = (
    THEN_BROKEN,
    WORKER_KILLED,
    SERVER_KILLED,
    DATABASE_STOPPED,
    EDGE_RESTARTED,
    EDGE_RESTARTED_IN_WATCH,
    DISK_FULL,
    REGISTRY_GONE,
    REGISTRY_GONE_AT_PUSH,
    REGISTRY_GONE_AT_PULL,
    STOPPED_FROM_OUTSIDE,
    *(cut.format(step=step) for cut in (CUT_SHORT, CUT_FOR_GOOD) for step in CUT_STEPS),
    CUT_AND_KILLED,
    *(ENGINE_STOPPED.format(signal=signal) for signal in SIGNALS),
)
"""In the order of the table."""


@dataclass(frozen=True)
class Case:
    """`what` is killed at a moment of one of its steps."""

    what: str
    moment: str
    step: str

    @property
    def migrates(self) -> bool:
        return self.step in SCHEMA_STEPS

    def __str__(self) -> str:
        return f"{self.what} killed {self.moment} {self.step}"


def cases() -> list[Case]:
    """All of them for `make crash`, and those at which comparable tools need a person for `make
    test`."""
    return all_cases() if IS_WHOLE else [Case(*case) for case in REDUCED]


def all_cases() -> list[Case]:
    steps = {"release": RELEASE_STEPS, "rollback": ROLLBACK_STEPS}
    return [
        Case(what, moment, step)
        for what, names in steps.items()
        for step in names
        for moment in MOMENTS
    ]
