"""The words by which a run that goes back says, at the moment of the switch, that an old version
serves again.

They are a tag of the run: the list of runs shows it, and `tidegate rollback` waits for it.
"""

from __future__ import annotations

WORDS = " serves again"


def served_again(version: str) -> str:
    """Such as `v1.0.0 serves again`."""
    return f"{version}{WORDS}"


def is_served_again(tag: str) -> bool:
    return tag.endswith(WORDS)
