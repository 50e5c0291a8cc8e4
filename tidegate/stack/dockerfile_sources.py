"""Which files of its context a Dockerfile takes: a commit that changes other files makes no other
image."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator

ALL = "."
"""The whole context."""
_CONTINUED = re.compile(r"\\[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*")
_DIRECTIVE = re.compile(r"#[ \t]*(\w+)[ \t]*=[ \t]*(\S+)")
_KNOWN_SYNTAX = re.compile(r"(?:docker\.io/)?docker/dockerfile(?::1(?:\.\d+)*)?")
_COPIES = re.compile(r"[ \t]*(?:COPY|ADD)[ \t]+(.*)", re.IGNORECASE)
_RUNS = re.compile(r"[ \t]*RUN[ \t]+(.*)", re.IGNORECASE)
_MOUNT = re.compile(r"--mount=(\S+)")
_ADDRESS = re.compile(r"[a-z]+://|git@")
_WILDCARD = re.compile(r"[*?\[]")


def copied(text: str) -> frozenset[str]:
    """The files and folders that its `COPY` and `ADD` name, relative to the context; `ALL` among
    them where it does not say them plainly. What a trigger of its base image copies (`ONBUILD`) is
    not known here."""
    text = text.replace("\r\n", "\n")
    if not _is_plain(text):
        return frozenset({ALL})
    return frozenset(
        posixpath.normpath(f"/{name}").lstrip("/") or ALL  # nothing lies above the context
        for line in _CONTINUED.sub(" ", text).splitlines()
        for name in _named(line)
    )


def _is_plain(text: str) -> bool:
    """Written for Docker's own frontend, with `\\` at the end of a line that goes on."""
    for line in text.splitlines():
        said = _DIRECTIVE.match(line)
        if said is None:
            return True
        name, value = said[1].lower(), said[2]
        if name == "escape" or (name == "syntax" and not _KNOWN_SYNTAX.fullmatch(value)):
            return False
    return True


def _named(line: str) -> Iterator[str]:
    if found := _COPIES.match(line):
        yield from _sources(found[1])
    elif (found := _RUNS.match(line)) and any(map(_is_of_context, _MOUNT.findall(found[1]))):
        yield ALL


def _sources(rest: str) -> Iterator[str]:
    try:
        words = shlex.split(rest, posix=True)
    except ValueError:
        yield ALL
        return
    flags = [word for word in words if word.startswith("--")]
    if any(flag.startswith("--from=") for flag in flags):
        return
    for name in _without_target(rest, [word for word in words if word not in flags]):
        if not _ADDRESS.match(name) and not name.startswith("<<"):
            yield _plain_part(name)


def _without_target(rest: str, words: list[str]) -> list[str]:
    """The last one says where to; in the form of a list too."""
    begin = rest.find("[")
    if begin >= 0 and all(one.startswith("--") for one in rest[:begin].split()):
        try:
            listed = json.loads(rest[begin:])
        except ValueError:
            pass
        else:
            return [str(one) for one in listed[:-1]]
    return words[:-1]


def _plain_part(name: str) -> str:
    """`conf.d` of `conf.d/*.cnf`; the whole context where a variable says it."""
    if "$" in name:
        return ALL
    plain = list[str]()
    for part in name.split("/"):
        if _WILDCARD.search(part):
            break
        plain.append(part)
    return "/".join(plain) or ALL


def _is_of_context(mount: str) -> bool:
    said = dict(part.partition("=")[::2] for part in mount.split(","))
    return said.get("type", "bind") == "bind" and "from" not in said
