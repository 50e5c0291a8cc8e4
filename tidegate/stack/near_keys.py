"""The key that was probably meant, where a stack file has one that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

Schema = Mapping[str, Any]
LIKENESS = 0.8
"""`host_key` is not `port_key`."""


def near_key(schema: Schema, location: tuple[int | str, ...]) -> str | None:
    """The known key most like the last one of `location`, beside which it may stand. `schema` is
    the JSON Schema of a stack file."""
    *above, unknown = location
    places = [schema]
    for part in above:
        places = [*_below(schema, places, part)]
    known = {key for one in _meant(schema, places) for key in one.get("properties", {})}
    return next(iter(get_close_matches(str(unknown), known, 1, LIKENESS)), None)


def _below(schema: Schema, places: list[Schema], part: int | str) -> Iterator[Schema]:
    """Where a part of a location leads to; the name of a kind leads to the model of that kind."""
    for one in places:
        if kind := one.get("discriminator", {}).get("mapping", {}).get(part):
            yield {"$ref": kind}
    for one in _meant(schema, places):
        if isinstance(part, int):
            found = [one.get("items")]
        elif part in one.get("properties", {}):
            found = [one["properties"][part]]
        else:
            found = [one.get("additionalProperties"), *one.get("patternProperties", {}).values()]
        yield from (inner for inner in found if isinstance(inner, Mapping))


def _meant(schema: Schema, places: list[Schema]) -> Iterator[Schema]:
    """Each of them, or what it refers to, or each of those of which it may be one."""
    for one in places:
        if named := one.get("$ref"):
            yield from _meant(schema, [schema["$defs"][named.rpartition("/")[2]]])
        elif several := one.get("anyOf") or one.get("oneOf"):
            yield from _meant(schema, several)
        else:
            yield one
