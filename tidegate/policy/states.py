"""The states of a deployment and the table of moves between them."""

from __future__ import annotations

from enum import StrEnum


class DeploymentState(StrEnum):
    """Where one deployment stands. `may_move` says what can follow."""

    PLANNED = "planned"
    """Opened; nothing is changed."""
    WAITING = "waiting"
    """For a person's decision on its plan; holds no lock."""
    CHANGING = "changing"
    """From the first step up to and including the switch."""
    WATCHING = "watching"
    """It serves and the watch is not over; the old slot is warm and stays GOOD."""
    GOOD = "good"
    """It serves and passed its watch."""
    SUPERSEDED = "superseded"
    """It served, and a newer one does now."""
    FAILED = "failed"
    """It never served: the environment is untouched, or compensated to the old one."""
    REJECTED = "rejected"
    """A person or a policy said no before anything changed."""
    EXPIRED = "expired"
    """Nobody decided in time, or a newer one overtook it while it waited."""
    ROLLING_BACK = "rolling_back"
    """It served, and the way back is being taken."""
    ROLLED_BACK = "rolled_back"
    """It served, and the one before it serves again."""
    ROLLBACK_FAILED = "rollback_failed"
    """The way back was taken and did not arrive: page (P10)."""
    NEEDS_PERSON = "needs_person"
    """No step is safe without a person's decision."""

    @property
    def is_final(self) -> bool:
        """Nothing follows."""
        return not MOVES[self]

    @property
    def is_open(self) -> bool:
        """Somebody or something must still act: neither final nor serving in peace."""
        return not self.is_final and self is not DeploymentState.GOOD

    @property
    def may_serve(self) -> bool:
        """A deployment in this state may be the one that answers requests, if it was ever switched
        to."""
        return self in MAY_SERVE


_S = DeploymentState

MOVES: dict[DeploymentState, frozenset[DeploymentState]] = {
    _S.PLANNED: frozenset({_S.WAITING, _S.CHANGING, _S.FAILED, _S.REJECTED, _S.EXPIRED}),
    _S.WAITING: frozenset({_S.CHANGING, _S.FAILED, _S.REJECTED, _S.EXPIRED}),
    _S.CHANGING: frozenset({_S.WATCHING, _S.GOOD, _S.FAILED, _S.ROLLING_BACK, _S.NEEDS_PERSON}),
    _S.WATCHING: frozenset(
        {_S.GOOD, _S.SUPERSEDED, _S.ROLLING_BACK, _S.ROLLED_BACK, _S.NEEDS_PERSON}
    ),
    _S.GOOD: frozenset({_S.SUPERSEDED, _S.ROLLING_BACK, _S.ROLLED_BACK}),
    _S.ROLLING_BACK: frozenset(
        {_S.CHANGING, _S.ROLLED_BACK, _S.ROLLBACK_FAILED, _S.NEEDS_PERSON}
    ),  # CHANGING: killed there, it goes on where its journal ends
    _S.ROLLBACK_FAILED: frozenset(
        {_S.ROLLING_BACK, _S.ROLLED_BACK, _S.SUPERSEDED, _S.FAILED, _S.NEEDS_PERSON}
    ),
    _S.NEEDS_PERSON: frozenset(
        {
            _S.CHANGING,
            _S.WATCHING,
            _S.GOOD,
            _S.SUPERSEDED,
            _S.FAILED,
            _S.ROLLING_BACK,
            _S.ROLLED_BACK,
        }
    ),
    _S.SUPERSEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.ROLLED_BACK: frozenset(),
}

UNFINISHED = frozenset({_S.CHANGING, _S.ROLLING_BACK})
"""In the middle of a change."""

LEFT_TO_PERSON = frozenset({_S.NEEDS_PERSON, _S.ROLLBACK_FAILED})
"""Nothing is done by itself until a person has decided."""

MAY_SERVE = frozenset({_S.WATCHING, _S.GOOD, _S.ROLLING_BACK, _S.ROLLBACK_FAILED, _S.NEEDS_PERSON})

OPEN = frozenset(state for state in DeploymentState if state.is_open)


def may_move(old: DeploymentState, new: DeploymentState) -> bool:
    """Whether the table allows `old -> new`. Staying is no move."""
    return new in MOVES[old]
