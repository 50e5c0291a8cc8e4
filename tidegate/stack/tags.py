"""The tag by which an image that is not built here is found: a pattern in the stack file, filled in
by a version."""

from __future__ import annotations

import re
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field

from tidegate.errors import VersionError
from tidegate.versions import Commit

OF_VERSIONS = frozenset(("version", "number"))
OF_COMMITS = frozenset(("commit", "commit7"))
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_MOST = 128
_LATEST = "`latest` is what a release leaves behind, never what it starts from"


def names_in(pattern: str) -> frozenset[str]:
    """The names in braces. Raises ValueError where the braces do not fit."""
    return frozenset(name for _, name, _, _ in Formatter().parse(pattern) if name is not None)


def _pattern(text: str) -> str:
    must_be = "must be a tag, with none but {version}, {number}, {commit} and {commit7} in braces"
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise ValueError(must_be) from None
    if any(
        name is not None and (name not in OF_VERSIONS | OF_COMMITS or form or change)
        for _, name, form, change in parts
    ):
        raise ValueError(must_be)
    if len(text) > _MOST or not _TAG.fullmatch(
        "".join(lead + "x" * (name is not None) for lead, name, _, _ in parts)
    ):
        raise ValueError(must_be)
    if text == "latest":
        raise ValueError(f"must not be latest: {_LATEST}")
    return text


TagPattern = Annotated[str, AfterValidator(_pattern), Field(json_schema_extra={"maxLength": _MOST})]


def typed_tag(wanted: str) -> str:
    """What a person typed as version of a stack without a repository. Raises VersionError."""
    typed = wanted.strip()
    if typed == "latest" or not _TAG.fullmatch(typed):
        came_back = _LATEST if typed == "latest" else "it is no tag of an image"
        raise VersionError(
            f"resolving the version {typed!r}",
            came_back,
            "Type a tag as the registry has it, such as 2.3.1",
        )
    return typed


def tag_of(pattern: str, name: str, commit: Commit | None) -> str:
    """The tag of one image of a version. Raises VersionError where it is none, or `latest`."""
    of_commit = {"commit": commit.sha, "commit7": commit.sha[:7]} if commit else {}
    number = name[1:] if re.match(r"v[0-9]", name) else name
    return typed_tag(pattern.format(version=name, number=number, **of_commit))
