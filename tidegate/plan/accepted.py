"""What the stack file takes upon itself with a reason: shown to whoever approves, refused without
one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from tidegate.stack.bind_mounts import Written
from tidegate.stack.file import Stack

What = Literal["scratch", "password", "elsewhere"]


@dataclass(frozen=True)
class Accepted:
    """One thing that a release does not guard, by the team's own word."""

    what: What
    name: str
    """Of the place, key or database, as the stack file names it."""
    reason: str


def accepted(
    stack: Stack, written: Sequence[Written], weak: Collection[str]
) -> tuple[Accepted, ...]:
    """`weak` are the keys that hold a default password now."""
    passwords = stack.accepted_passwords
    return (
        *(
            Accepted("elsewhere", one.name, one.saved_elsewhere)
            for one in stack.databases
            if one.saved_elsewhere
        ),
        *(Accepted("scratch", one.named, one.reason) for one in written if one.reason),
        *(Accepted("password", key, passwords[key]) for key in sorted({*weak} & passwords.keys())),
    )
