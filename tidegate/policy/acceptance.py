"""What a filled-in acceptance form must hold before it counts as a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_TEXTS = {
    "zh": {
        "unchecked": "批准前请逐项确认验收清单，尚有 {count} 项未勾选。",
        "approver": "请填写验收人姓名。",
        "reason": "请填写理由。",
    },
    "en": {
        "unchecked": "Confirm each item of the checklist before you approve; still open: {count}.",
        "approver": "Fill in your name.",
        "reason": "Give a reason.",
    },
}


@dataclass(frozen=True)
class Answer:
    """What a person filled in."""

    decision: Literal["approve", "reject"]
    approver: str
    reason: str
    checklist: Mapping[str, bool]


def faults_of(answer: Answer, language: str) -> str:
    """Why the form must be shown again, in the stack's language; empty when it counts."""
    texts = _TEXTS[language]
    faults = [texts[name] for name in ("approver", "reason") if not getattr(answer, name)]
    unchecked = sum(not checked for checked in answer.checklist.values())
    if answer.decision == "approve" and unchecked:
        faults.append(texts["unchecked"].format(count=unchecked))
    return " ".join(faults)
