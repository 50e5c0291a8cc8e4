"""Compose files as Compose reads them while nothing is put in for their variables.

There are places where it takes a few words, a number or an address only, and no text with a
variable. Such a text is set aside: `gpus: ${X}` becomes `gpus: all` and
`x-tidegate-gpus: {gpus: "${X}", for: all}`. What names another file or service is filled in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tidegate.stack.variables import STAND_IN, filled, variables_in, with_defaults

_FALSE = "false"
_WORDS = {
    "services.*.cgroup": "private",
    "services.*.depends_on.*.condition": "service_started",
    "services.*.deploy.rollback_config.order": "stop-first",
    "services.*.deploy.update_config.order": "stop-first",
    "services.*.develop.watch.action": "rebuild",
    "services.*.gpus": "all",
    "services.*.ports.host_ip": "127.0.0.1",
    "services.*.pull_policy": "missing",
    "services.*.ulimits.*": STAND_IN,
    "services.*.volumes.bind.recursive": "enabled",
    "services.*.volumes.bind.selinux": "z",
    "services.*.volumes.type": "bind",
    "volumes.*.external": _FALSE,
}
"""Place, without the numbers of lists -> a word that Compose takes there. Of all places where its
schema does not take any text, 2.40 takes a value at these, and refuses the variable."""
_PLACES = [(tuple(place.split(".")), word) for place, word in _WORDS.items()]
WORD_OF = {place[-1]: word for place, word in _PLACES if place[-1] != "*"}
"""By its last key."""
_EXTENDED_FILE = ("services", "*", "extends", "file")
_EXTENDED = (_EXTENDED_FILE[:-1], (*_EXTENDED_FILE[:-1], "service"))
_YES = frozenset({"true", "yes", "y", "on"})
_ASIDE = "x-tidegate-"
_TAG = "tag:yaml.org,2002:"
# ten times as fast where it is there
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass
class FewWords:
    """One compose file that is written anew so.

    Its paths count from `folder` on, `values` are those that are known, and `root` is where each
    file has its copy, by its whole path.
    """

    folder: str
    values: Mapping[str, str]
    root: str
    is_changed: bool = False
    further: list[tuple[str, str]] = field(default_factory=list)
    """Files that it names, each with the folder that paths count from there."""
    env_files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Of an `include`, as the env files: they must be there."""
    unknown: list[str] = field(default_factory=list)
    """Texts that name a file or service by a variable without a value."""

    def rewritten(self, text: bytes) -> str:
        """Raises yaml.YAMLError."""
        documents = [*yaml.compose_all(text, _LOADER)]
        seen = set[int]()
        for document in documents:
            self._walk(document, (), seen)
            for entry in _entries(document):
                self._include(entry)
        return str(yaml.serialize_all(documents, Dumper=yaml.SafeDumper, allow_unicode=True))

    def _walk(self, node: yaml.Node, place: tuple[str, ...], seen: set[int]) -> None:
        """Items of a list, and what `<<` brings in, have the place of what they are in. What an
        `x-` at the top has counts where an alias names it."""
        if id(node) in seen or (len(place) == 1 and place[0].startswith("x-")):
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._walk(item, place, seen)
        elif isinstance(node, yaml.MappingNode):
            for number, (key, value) in enumerate([*node.value]):
                inner = place if key.value == "<<" else (*place, str(key.value))
                if isinstance(value, yaml.ScalarNode):
                    self._scalar(node, number, inner)
                else:
                    self._walk(value, inner, seen)

    def _scalar(self, parent: yaml.MappingNode, number: int, place: tuple[str, ...]) -> None:
        key, value = parent.value[number]
        if _is_at(place, _EXTENDED_FILE):
            path = self._path(value)
            self.further.append((path, os.path.dirname(path)))
        elif any(_is_at(place, one) for one in _EXTENDED):
            self._fill(value)
        elif word := _word(place, value.value):
            said = self._said(value.value) or word
            if word == _FALSE:
                said = "true" if said.lower() in _YES else _FALSE
            parent.value[number] = key, yaml.compose(said, _LOADER) or _text(said)
            aside = yaml.MappingNode(f"{_TAG}map", [(key, value), (_text("for"), _text(said))])
            parent.value.append((_text(f"{_ASIDE}{key.value}"), aside))
            self.is_changed = True

    def _include(self, entry: yaml.Node) -> None:
        said = {"path": _scalars(entry)}
        if isinstance(entry, yaml.MappingNode):
            said = {str(key.value): _scalars(value) for key, value in entry.value}
        paths = [self._path(one) for one in said.get("path", ())]
        folders = [self._path(one) for one in said.get("project_directory", ())]
        self.folders += folders
        for path in paths:
            self.further.append((path, (folders or [os.path.dirname(paths[0])])[0]))
        self.env_files += [self._path(one) for one in said.get("env_file", ())]

    def _path(self, node: yaml.ScalarNode) -> str:
        """The whole one, filled in. The node names its copy."""
        self._fill(node)
        path = os.path.normpath(os.path.join(self.folder, node.value))
        if os.path.isabs(node.value):
            node.value = self.root + path
        return path

    def _fill(self, node: yaml.ScalarNode) -> None:
        if not any(variables_in(node.value)):
            return
        said = self._said(node.value)
        if said is None:
            self.unknown.append(node.value)
        else:
            node.value, self.is_changed = said, True

    def _said(self, text: str) -> str | None:
        """With its values and defaults; None where a variable has neither."""
        plain = {key: value.replace("$", "") for key, value in self.values.items()}
        return with_defaults(filled(text, plain))


def without_replaced(model: Any) -> Any:
    """Without what was set aside for a word that is not there any more: another text of the files
    goes before it."""
    if isinstance(model, list):
        return [without_replaced(inner) for inner in model]
    if not isinstance(model, Mapping):
        return model
    return {
        key: without_replaced(inner)
        for key, inner in model.items()
        if not key.startswith(_ASIDE) or _is_there(inner["for"], model.get(key[len(_ASIDE) :]))
    }


def _is_there(word: str, value: Any) -> bool:
    """Of `gpus: all` Compose makes a list."""
    return isinstance(value, list) or str(value).lower() == word.lower()


def _text(value: str) -> yaml.ScalarNode:
    return yaml.ScalarNode(f"{_TAG}str", value)


def _word(place: tuple[str, ...], text: str) -> str:
    """Empty where any text is taken, or none with a variable stands."""
    if "$" not in text or not any(variables_in(text)):
        return ""
    return next((word for at, word in _PLACES if _is_at(place, at)), "")


def _is_at(place: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(place) == len(pattern) and all(
        want in ("*", part) for part, want in zip(place, pattern, strict=True)
    )


def _entries(document: yaml.Node) -> Iterator[yaml.Node]:
    """Of its `include`."""
    if isinstance(document, yaml.MappingNode):
        for key, value in document.value:
            if key.value == "include" and isinstance(value, yaml.SequenceNode):
                yield from value.value


def _scalars(node: yaml.Node) -> list[yaml.ScalarNode]:
    inner = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [one for one in inner if isinstance(one, yaml.ScalarNode)]
