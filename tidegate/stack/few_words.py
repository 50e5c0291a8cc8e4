"""Variables at places of a compose file where Compose takes a few words, a number or an address.

With a value in its place it reads them; as they stand, it refuses the file. So the default or a
word that it takes is put there, and what stood there is kept aside, in its service or volume:
`gpus: ${X}` becomes `gpus: all`, and the service has `x-tidegate-gpus: ["${X}"]`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from tidegate.stack.variables import variables_in, with_defaults

Place = tuple[str, ...]
_WORDS: Mapping[Place, str] = {
    tuple(place.split(".")): word
    for place, word in {
        "services.*.cgroup": "private",
        "services.*.depends_on.*.condition": "service_started",
        "services.*.deploy.rollback_config.order": "stop-first",
        "services.*.deploy.update_config.order": "stop-first",
        "services.*.develop.watch.action": "rebuild",
        "services.*.gpus": "all",
        "services.*.ports.host_ip": "127.0.0.1",
        "services.*.pull_policy": "missing",
        "services.*.ulimits.*": "1",
        "services.*.ulimits.*.hard": "1",
        "services.*.ulimits.*.soft": "1",
        "services.*.volumes.bind.recursive": "enabled",
        "services.*.volumes.bind.selinux": "z",
        "services.*.volumes.type": "bind",
        "volumes.*.external": "false",
    }.items()
}
"""Items of a list have the place of the list. As of Compose 2.40, which does not print its
schema."""
_YES = frozenset({"true", "yes", "y", "on", "1"})
_PLAIN = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_ASIDE = "x-tidegate-"
_PARTS = ("services", "volumes")
_MOST_CHARACTERS, _MOST_DEPTH = 512 << 10, 100
# ten times as fast where it is there
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class Aside(NamedTuple):
    """One text that stood at a place."""

    place: Place
    text: str
    word: str
    """In its place."""

    @property
    def owner(self) -> Place:
        """`services`, and which."""
        return self.place[:2]

    @property
    def key(self) -> str:
        return _key(_pattern(self.place) or self.place)


def _key(pattern: Place) -> str:
    return _ASIDE + [part for part in pattern if part != "*"][-1]


STAND_INS: Mapping[str, str] = {_key(pattern): word for pattern, word in _WORDS.items()}
"""For what is kept aside, by its key."""


def worded(text: str) -> tuple[str, list[Aside]]:
    """A compose file with words in place of such variables, and what stood there; a text that is
    none of ours to judge comes back as it is. Raises yaml.YAMLError, and RecursionError where a
    mapping brings itself in."""
    if len(text) > _MOST_CHARACTERS or _depth(text) > _MOST_DEPTH:
        return text, []
    aside, edits = list[Aside](), dict[int, tuple[int, str]]()
    for document in yaml.compose_all(text, _LOADER):
        for part, owners in _items(document):
            for name, owner in _items(owners) if part in _PARTS else ():
                for place, scalar in _scalars(owner, (part, name), owners, set()):
                    if _is_replaceable(text, scalar):
                        word = _word(place, scalar.value)
                        aside.append(Aside(place, scalar.value, word))
                        edits[scalar.start_mark.index] = (scalar.end_mark.index, word)
    return _edited(text, edits), aside


def with_aside(model: Mapping[str, Any], aside: Sequence[Aside]) -> None:
    """Put into a model that was read from such files what stood there, where no other text of the
    files has taken the word's place."""
    for one in aside:
        part, name = one.owner
        owner = (model.get(part) or {}).get(name)
        if owner is not None and _stands(owner, one.place[2:], one.word):
            kept = owner.get(one.key)
            texts = kept if isinstance(kept, list) else []
            owner[one.key] = [*dict.fromkeys([*texts, one.text])]


def _depth(text: str) -> int:
    """Told by the parser, which needs no stack for it: whoever makes nodes of them does."""
    depth = deepest = 0
    for event in yaml.parse(text, _LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest


@lru_cache(maxsize=1024)
def _items(node: yaml.Node | None) -> list[tuple[str, yaml.Node]]:
    """Of a mapping, with what `<<` brings in and nothing of its own replaces. Each is looked at
    once, however many bring it in."""
    found = dict[str, yaml.Node]()
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value != "<<":
            found[str(key.value)] = value
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == "<<":
            for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                found = {**dict(_items(one)), **found}
    return [*found.items()]


def _scalars(
    node: yaml.Node, place: Place, siblings: yaml.Node, seen: set[tuple[int, Place]]
) -> Iterator[tuple[Place, yaml.ScalarNode]]:
    """Those at our places, with those of the service of the same file that it `extends`."""
    if (id(node), place) in seen or not any(_leads_to(place, pattern) for pattern in _WORDS):
        return
    seen.add((id(node), place))
    if isinstance(node, yaml.ScalarNode) and _pattern(place):
        yield place, node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item, place, siblings, seen)
    for name, value in _items(node):
        if len(place) == 2 and name == "extends":
            said = dict(_items(value)) if isinstance(value, yaml.MappingNode) else {}
            base = said.get("service", value)
            found = None if "file" in said else dict(_items(siblings)).get(str(base.value))
            if found is not None:
                yield from _scalars(found, place, siblings, seen)
        else:
            yield from _scalars(value, (*place, name), siblings, seen)


def _is_replaceable(text: str, scalar: yaml.ScalarNode) -> bool:
    """A variable of one line, plain or in quotes, without an anchor: others may name that."""
    start, end = scalar.start_mark.index, scalar.end_mark.index
    written = text[start:end]
    return any(variables_in(scalar.value)) and written[:1] not in "&!" and "\n" not in written


def _edited(text: str, edits: Mapping[int, tuple[int, str]]) -> str:
    for start in sorted(edits, reverse=True):
        end, word = edits[start]
        text = text[:start] + word + text[end:]
    return text


def _word(place: Place, text: str) -> str:
    pattern = _pattern(place)
    word, default = _WORDS[pattern] if pattern else "", with_defaults(text) or ""
    if word == "false":
        return "true" if default.lower() in _YES else word
    return default if _PLAIN.fullmatch(default) else word


def _pattern(place: Place) -> Place | None:
    return next((one for one in _WORDS if len(one) == len(place) and _leads_to(place, one)), None)


def _leads_to(place: Place, pattern: Place) -> bool:
    return len(place) <= len(pattern) and all(
        want in ("*", part) for part, want in zip(place, pattern, strict=False)
    )


def _stands(value: Any, place: Place, word: str) -> bool:
    """Whether it is there still. Of `gpus: all` Compose makes a list, and of `ulimits: 1` two."""
    if isinstance(value, list):
        return not place or any(_stands(one, place, word) for one in value)
    if isinstance(value, Mapping) and place:
        return place[0] in value and _stands(value[place[0]], place[1:], word)
    return not place and str(value).lower() == word.lower()
