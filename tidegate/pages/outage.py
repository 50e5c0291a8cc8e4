"""What people are told of a release during which nobody is served, and of the way back from any."""

from __future__ import annotations

from tidegate.pages.layout import listed
from tidegate.pages.words import WORDS
from tidegate.plan.changes import Plan


def outage_text(plan: Plan, language: str) -> str:
    """A sentence: why, for how long at most, and how long it took where it was done before."""
    words, staged = WORDS[language], plan.staged
    seen = (
        words["outage_measured"].format(
            place=staged.place.inside(language), seconds=f"{staged.outage_seconds:.1f}"
        )
        if staged and staged.outage_seconds is not None
        else ""
    )
    return words["outage"].format(
        services=listed(plan.in_place), most=plan.most_outage_seconds, measured=seen
    )


def handing_over_text(plan: Plan, language: str) -> str:
    """A sentence: who may get no answer, and when."""
    return WORDS[language]["handed_over"].format(names=listed(plan.handed_over))


def way_back_text(plan: Plan, language: str, version: str) -> str:
    """How `version`, which runs now, is come back to."""
    is_started_anew = plan.in_place and plan.way_back == "image only"
    way = "in place" if is_started_anew else plan.way_back
    return WORDS[language][f"back {way}"].format(version=version)
