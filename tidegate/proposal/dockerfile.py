"""What a Dockerfile says of the image that is made by it: ports, how its health is asked, what it
is made from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tidegate.stack.variables import filled

_CONTINUED = re.compile(r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*")
_LINE = re.compile(
    r"^[ \t]*(ARG|ENV|FROM|EXPOSE|HEALTHCHECK|WORKDIR)[ \t]+(.*)$", re.IGNORECASE | re.MULTILINE
)
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_PORT = re.compile(r"(\d{1,5})(?:/tcp)?")
_VALUES = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)")
_VALUE = re.compile(r"(\w+)[ \t]+(.+)")  # the older form of ENV


@dataclass(frozen=True)
class Dockerfile:
    """Of one stage, with what it has from the stages that it is made from."""

    base: str = ""
    """The image that the first of them is made from."""
    ports: tuple[int, ...] = ()
    healthcheck: str = ""
    workdir: str = "/"


def read_dockerfile(text: str, target: str = "") -> Dockerfile:
    """What it says of its last stage, or of the one named `target`."""
    stages: dict[str, Dockerfile] = {}
    name, now = "", Dockerfile()
    for word, rest in _lines(text):
        if word == "FROM":
            stages[name] = now
            if target and name == target.lower():
                break
            name, now = _begun(rest, stages)
        elif word == "EXPOSE":
            ports = (int(one[1]) for part in rest.split() if (one := _PORT.fullmatch(part)))
            now = replace(now, ports=tuple(dict.fromkeys([*now.ports, *ports])))
        elif word == "WORKDIR":
            now = replace(
                now, workdir=posixpath.normpath(posixpath.join(now.workdir, rest.strip()))
            )
        else:
            said = rest.strip()
            now = replace(now, healthcheck="" if said.upper() == "NONE" else said)
    stages[name] = now
    return stages.get(target.lower(), now) if target else now


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Instructions and what they say, with the values that the file itself gives its variables."""
    values = dict[str, str]()
    for found in _LINE.finditer(_CONTINUED.sub(" ", text)):
        word, rest = found[1].upper(), found[2]
        if word in ("ARG", "ENV"):
            values |= {key: value.strip("\"'") for key, value in _given(rest)}
        else:
            yield word, filled(rest, values)


def _given(rest: str) -> list[tuple[str, str]]:
    older = _VALUE.fullmatch(rest.strip())
    return [(older[1], older[2])] if older else _VALUES.findall(rest)


def _begun(rest: str, stages: dict[str, Dockerfile]) -> tuple[str, Dockerfile]:
    found = _FROM.match(rest)
    if not found:
        return "", Dockerfile()
    name = (found[2] or str(len(stages))).lower()
    return name, stages.get(found[1].lower(), Dockerfile(found[1]))
