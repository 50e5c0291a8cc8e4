"""What is good and what is bad of an installation, each with the way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidegate.each import each

Look = Callable[[], str]
"""Says what was found good; raises one of our errors for what is bad."""


@dataclass(frozen=True)
class Diagnosis:
    name: str
    is_good: bool
    detail: str
    to_do: str = ""


def diagnose(looks: Mapping[str, Look], *, at_once: int = 8) -> list[Diagnosis]:
    """All of them, in their order; what is bad of one keeps no other from being looked at."""
    found = each(looks, lambda look: look(), "looking at", at_once=at_once)
    bad = {one.name: one.error for one in found.faulty}
    return [
        Diagnosis(name, False, bad[name].came_back, bad[name].to_do)
        if name in bad
        else Diagnosis(name, True, found.good[name])
        for name in looks
    ]
