"""What a person typed as version, resolved to one commit. Tags and hashes only: nothing that
moves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from tidegate.errors import VersionError

_TAG = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z.-]+))?")
_HASH = re.compile(r"(?:sha-)?([0-9a-f]{7,40})", re.IGNORECASE)
_FORMS = "Type a tag such as v1.1.0, or sha- and 7 to 40 digits of a commit"
_SHOWN = 5


def resolve(wanted: str, refs: Mapping[str, str], commits: Collection[str]) -> tuple[str, str]:
    """Name and full hash of `wanted`. `refs`: tag or branch -> full hash; `commits`: full hashes
    that may be released.

    The name is the tag as the repository has it, or `sha-` and as many digits (at least 7) as make
    it unique. Raises VersionError.
    """
    typed = wanted.strip()
    if _TAG.fullmatch(typed):
        return _tagged(typed, refs)
    if digits := _HASH.fullmatch(typed):
        return _hashed(typed, digits[1].lower(), refs, commits)
    newest = _newest(refs) or "none is tagged yet"
    raise VersionError(_doing(typed), _why_not(typed, refs), f"{_FORMS}; newest: {newest}")


def tagged(version: str, refs: Mapping[str, str]) -> str | None:
    """Full hash of the tag that is called as `version`, with or without a leading `v`; None where
    there is none. Raises VersionError where two tags answer to it."""
    bare = version.removeprefix("v")
    is_there = is_version_tag(version) and not refs.keys().isdisjoint((f"v{bare}", bare))
    return _tagged(version, refs)[1] if is_there else None


def is_version_tag(name: str) -> bool:
    return _TAG.fullmatch(name) is not None


def newest_first(tags: Iterable[str]) -> list[str]:
    """The version tags among `tags`, by semantic version; a pre-release is older than its
    release."""
    return sorted(filter(is_version_tag, tags), key=_order, reverse=True)


def _tagged(typed: str, refs: Mapping[str, str]) -> tuple[str, str]:
    bare = typed.removeprefix("v")
    found = {name: refs[name] for name in (f"v{bare}", bare) if name in refs}
    if not found:
        known = _nearest(typed, refs)
        to_do = f"Use a known one: {known}" if known else f"No version is tagged yet. {_FORMS}"
        raise VersionError(_doing(typed), "there is no such tag", to_do)
    if len(set(found.values())) > 1:
        both = " and ".join(f"{name} is {sha[:12]}" for name, sha in found.items())
        raise VersionError(
            _doing(typed),
            f"two tags answer to it: {both}",
            "Type the commit, as sha- and its digits",
        )
    name = typed if typed in found else next(iter(found))
    return name, found[name]


def _hashed(
    typed: str, digits: str, refs: Mapping[str, str], commits: Collection[str]
) -> tuple[str, str]:
    found = sorted(sha for sha in commits if sha.startswith(digits))
    if not found:
        raise VersionError(
            _doing(typed),
            "no commit that may be released starts so",
            f"Merge and push it first, or use a known version: {_newest(refs)}",
        )
    if len(found) > 1:
        listed = ", ".join(sha[: _unique_length(sha, found, 12)] for sha in found)
        raise VersionError(
            _doing(typed), f"{len(found)} commits start so: {listed}", "Type more digits"
        )
    return f"sha-{found[0][: _unique_length(found[0], commits, 7)]}", found[0]


def _unique_length(sha: str, commits: Collection[str], least: int) -> int:
    others = [other for other in commits if other != sha]
    return next(
        size
        for size in range(least, len(sha) + 1)
        if not any(other.startswith(sha[:size]) for other in others)
    )


def _why_not(typed: str, refs: Mapping[str, str]) -> str:
    if typed == "latest":
        return "`latest` is what a release leaves behind, never what it starts from"
    if typed in refs:
        return "it is a branch, or a tag that is no version, and can move"
    return "it is not a version"


def _nearest(typed: str, refs: Mapping[str, str]) -> str:
    near = get_close_matches(typed, newest_first(refs), n=_SHOWN, cutoff=0.7)
    return ", ".join(near) or _newest(refs)


def _newest(refs: Mapping[str, str]) -> str:
    return ", ".join(newest_first(refs)[:_SHOWN])


def _order(tag: str) -> tuple[tuple[int, ...], bool, list[tuple[bool, int, str]]]:
    """Precedence of semver.org, rule 11: numbers below words, a release above its pre-releases."""
    major, minor, patch, before = _TAG.fullmatch(tag).groups()  # type: ignore[union-attr]
    parts = before.split(".") if before else []
    words = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
    return (int(major), int(minor), int(patch)), not parts, words


def _doing(typed: str) -> str:
    return f"resolving the version {typed!r}"
