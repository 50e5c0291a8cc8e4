"""What the stack file takes upon itself with a reason: shown to whoever approves, refused without one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tidegate.stack.bind_mounts import Written

What = Literal["scratch", "password"]


@dataclass(frozen=True)
class Accepted:
    """One thing that a release does not guard, by the team's own word."""

    what: What
    name: str
    """Of the place, key or database, as the stack file names it."""
    reason: str


def accepted(written: Sequence[Written], passwords: Mapping[str, str], weak: Collection[str]) -> tuple[Accepted, ...]:
    """`passwords` are the reasons of the stack file by env key; `weak` are the keys that hold a default one now."""
    return (*(Accepted("scratch", one.named, one.reason) for one in written if one.reason),
            *(Accepted("password", key, passwords[key]) for key in sorted({*weak} & passwords.keys())))
