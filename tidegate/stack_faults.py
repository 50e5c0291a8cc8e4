"""What pydantic finds wrong in a stack file, as texts that name the path of each fault."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import ErrorDetails

from tidegate.formats import CREDENTIAL
from tidegate.outside_text import one_line

MOST_SHOWN = 120


def faults_in(errors: list[ErrorDetails]) -> list[str]:
    """One text per fault. A list that pydantic calls too short only because an item of it is wrong is no fault."""
    def follows_from_another(error: ErrorDetails) -> bool:
        loc = error["loc"]
        return error["type"] == "too_short" and any(e["loc"][:len(loc)] == loc != e["loc"] for e in errors)
    return [_fault(error) for error in errors if not follows_from_another(error)]


def _fault(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if not error["loc"] and error["type"] == "value_error":
        return message   # `_names_meet` names the paths itself
    unread = "nothing ever read it: take it out" if error["loc"][-1:] == ("log_level",) else "unknown key"   # of 0.1
    plain = {"extra_forbidden": unread, "missing": "is missing", "too_short": "must not be empty",
             CREDENTIAL: message}
    return f"{_path(error['loc'])}: {plain.get(error['type']) or message + _got(error['input'])}"


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "stack.yaml"


def _got(value: Any) -> str:
    if isinstance(value, (dict, list, tuple)):
        return ""
    return f" (got {one_line(json.dumps(value, ensure_ascii=False, default=str), MOST_SHOWN)})"
