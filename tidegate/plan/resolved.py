"""The whole configuration that a deployment is about: stack file, compose model, env values, files
of the team's folder.

Each value is known by its path and a keyed fingerprint, so configurations can be compared by name,
and no secret can be guessed from what the ledger keeps. Evidence, plans and approvals are about
such a configuration.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from tidegate.facts import ComposeModel
from tidegate.stack.build_places import further_folders
from tidegate.stack.envfile import EnvDiff, diff_env, fingerprint
from tidegate.stack.file import Stack

Part = Literal["env", "compose", "stack", "files"]
PARTS: tuple[Part, ...] = get_args(Part)
_PLAIN = re.compile(r"[^.\[\]\"]+")
_PATH_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|[^.]+')


@dataclass(frozen=True)
class ResolvedConfiguration:
    """`prints` has `env/LOG_LEVEL`, `compose/services.web.image`, `stack/watch.seconds`,
    `files/nginx.conf`, each with the keyed fingerprint of its value; empty for an empty text."""

    prints: Mapping[str, str]

    @property
    def hash(self) -> str:
        """One hash of everything; 64 hex digits."""
        return hashlib.sha256(json.dumps(dict(self.prints), sort_keys=True).encode()).hexdigest()


def resolve(
    *,
    stack: Stack,
    environment: str,
    values: Mapping[str, str],
    model: ComposeModel,
    files: Mapping[str, str],
    key: bytes,
) -> ResolvedConfiguration:
    """`files` are names and SHA-256 of contents; `key` is the installation's own
    (`Settings.fingerprint_key`)."""
    texts = {f"env/{name}": value for name, value in values.items()}
    texts |= {f"files/{name}": content for name, content in files.items()}
    texts |= {f"compose/{path}": text for path, text in _leaves(without_folders(model, stack))}
    texts |= {f"stack/{path}": text for path, text in _leaves(own_part(stack, environment))}
    return ResolvedConfiguration(fingerprint(texts, key))


def own_part(stack: Stack, environment: str) -> dict[str, Any]:
    """The stack file without the sections of other environments."""
    content = stack.model_dump(mode="json")
    own: dict[str, Any] = content["environments"][environment]
    return {**content, "environments": {environment: own}}


def without_folders(tree: Any, stack: Stack) -> Any:
    """`tree` with the paths under the stack's folder, and under those of further repositories, made
    relative: a renamed or moved folder is no other configuration."""
    further = {
        folder: os.path.relpath(folder, stack.folder) for folder in further_folders(stack).values()
    }
    return _relative(tree, {str(stack.folder): ".", **further})


def _relative(tree: Any, folders: Mapping[str, str]) -> Any:
    """`folders`: whole path -> what is written instead; the first that holds a path counts."""
    if isinstance(tree, str):
        holding = (one for one in folders if tree == one or tree.startswith(f"{one}/"))
        folder = next(holding, None)
        return tree if folder is None else f"{folders[folder]}{tree.removeprefix(folder)}"
    if isinstance(tree, Mapping):
        return {name: _relative(inner, folders) for name, inner in tree.items()}
    if isinstance(tree, list):
        return [_relative(inner, folders) for inner in tree]
    return tree


def differences(old: Mapping[str, str], new: ResolvedConfiguration) -> dict[Part, EnvDiff]:
    """What differs between recorded prints and a configuration, by part and name; equal parts are
    left out.

    So is a part that `old` knows nothing of, unless it knows nothing at all: older ledgers have
    only the env.
    """
    known = [part for part in PARTS if _of(part, old) or not old]
    found = {part: _difference(part, _of(part, old), _of(part, new.prints)) for part in known}
    return {part: diff for part, diff in found.items() if diff}


def names_of(diffs: Mapping[Part, EnvDiff]) -> list[str]:
    """`compose services.web.privileged`, for a sentence that says what is different."""
    return [
        f"{part} {name}"
        for part, diff in diffs.items()
        for name in sorted({*diff.added, *diff.removed, *diff.changed, *diff.emptied})
    ]


def _of(part: Part, prints: Mapping[str, str]) -> dict[str, str]:
    lead = f"{part}/"
    return {
        path.removeprefix(lead): value for path, value in prints.items() if path.startswith(lead)
    }


def _difference(part: Part, old: Mapping[str, str], new: Mapping[str, str]) -> EnvDiff:
    """A service that is new as a whole is named once, not with each of its settings."""
    diff = diff_env(old, new)
    if part in ("env", "files"):
        return diff
    return replace(diff, added=_topmost(diff.added, old), removed=_topmost(diff.removed, new))


def _topmost(paths: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    known = {lead for path in others for lead in _leads(path)}
    return tuple(
        sorted({next((lead for lead in _leads(path) if lead not in known), path) for path in paths})
    )


def _leads(path: str) -> list[str]:
    """`a`, `a.b`, `a.b.c` of `a.b.c`; a quoted part is one."""
    parts = _PATH_PARTS.findall(path)
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each value with its path such as `smoke[0].contains`, as JSON, so that `1` is not `"1"`; an
    empty text stays empty."""
    inner = (
        {_step(name): value for name, value in tree.items()} if isinstance(tree, Mapping) else {}
    )
    inner |= (
        {f"[{number}]": value for number, value in enumerate(tree)}
        if isinstance(tree, list)
        else {}
    )
    for step, value in inner.items():
        yield from _leaves(value, f"{path}.{step}" if path and step[0] != "[" else f"{path}{step}")
    if not inner and path:
        yield path, json.dumps(tree) if tree != "" else ""


def _step(name: str) -> str:
    """A name in a path; quoted where it could be taken for more than one."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name)
