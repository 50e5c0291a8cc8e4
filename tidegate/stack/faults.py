"""What pydantic finds wrong in a stack file, as texts that name the path of each fault."""

from __future__ import annotations

import json
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tidegate.secrecy.outside_text import one_line
from tidegate.stack.data import ENGINES
from tidegate.stack.environments import Kind
from tidegate.stack.formats import CREDENTIAL
from tidegate.stack.migrations import TOOLS
from tidegate.stack.near_keys import Schema, near_key

MOST_SHOWN = 120
KIND = "kind"
"""Of an environment; where it is missing, all kinds are told."""
_KINDS = {"migrations": ("tool", TOOLS), "databases": ("engine", ENGINES)}
"""By the list of a stack file: the key that says of which kind an item is, and the kinds."""


@cache
def schema_of(file: type[BaseModel]) -> Schema:
    """A file that stays faulty is read several times a minute, and making its schema takes 80 ms,
    longer than all else."""
    return file.model_json_schema()


def faults_in(errors: list[ErrorDetails], schema: Schema) -> list[str]:
    """One text per fault; `schema` is that of a stack file.

    A list that pydantic calls too short only because an item of it is wrong is no fault, one that
    is missing because it is misspelt is told as the misspelt one, and what follows from a kind is
    none where the environment has others.
    """
    unknown = [one["loc"] for one in errors if one["type"] == "extra_forbidden"]
    meant = {(*loc[:-1], near_key(schema, loc)) for loc in unknown}

    def follows_from_another(error: ErrorDetails) -> bool:
        loc = error["loc"]
        inside = any(other["loc"][: len(loc)] == loc != other["loc"] for other in errors)
        return (
            error["type"] == "default_factory_not_called"
            or (error["type"] == "too_short" and inside)
            or (error["type"] == "missing" and loc in meant and loc[-1] != KIND)
        )

    return [_fault(error, schema) for error in errors if not follows_from_another(error)]


def _fault(error: ErrorDetails, schema: Schema) -> str:
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    message = message.replace("a valid tuple", "a list").replace("a valid dictionary", "a mapping")
    if not error["loc"] and error["type"] == "value_error":
        return message  # `_names_meet` names the paths itself
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _kind_fault(error)
    if error["type"] == "extra_forbidden":
        return f"{_path(error['loc'])}: {_unknown(error['loc'], schema)}"
    missing = (
        f"is missing: one of {', '.join(get_args(Kind))}"
        if error["loc"][-1:] == (KIND,)
        else "is missing"
    )
    plain = {
        "missing": missing,
        "too_short": "must not be empty",
        CREDENTIAL: message,
    }
    return f"{_path(error['loc'])}: {plain.get(error['type']) or message + _got(error['input'])}"


def _unknown(location: tuple[int | str, ...], schema: Schema) -> str:
    if location[-1] == "log_level":  # of 0.1
        return "nothing ever read it: take it out"
    near = near_key(schema, location)
    return "unknown key" + (f" (did you mean {near}?)" if near else "")


def _kind_fault(error: ErrorDetails) -> str:
    """Of a migration or a database whose kind is not there, or is none that we know."""
    key, kinds = _KINDS[str(error["loc"][0])]
    if error["type"] == "union_tag_not_found":
        there = error["input"] if isinstance(error["input"], dict) else {}
        meant = next(iter(get_close_matches(key, map(str, there), 1)), None)
        said = "is missing" + (f" (is {meant} meant to be it?)" if meant else "")
    else:
        said = f"must be one of {', '.join(kinds)}{_got(error['input'].get(key))}"
    return f"{_path(error['loc'])}.{key}: {said}"


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for place, part in enumerate(location):
        # pydantic's word for a name that is not as it must be, and the kind by which it took one of
        # several models
        if part == "[key]" or (location[0] in _KINDS and place == 2):
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "stack.yaml"


def _got(value: Any) -> str:
    if isinstance(value, (dict, list, tuple)):
        return ""
    return f" (got {one_line(json.dumps(value, ensure_ascii=False, default=str), MOST_SHOWN)})"
