"""What can be read from a Dockerfile and from what its classic build printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_ARG = re.compile(r"ARG\s+(\w+)=[\"']?([^\"'\s]*)", re.IGNORECASE)
_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_COPY_FROM = re.compile(r"COPY\s+(?:--\S+\s+)*?--from=(\S+)", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{?(\w+)(?::-([^}]*))?\}?")


def base_images(dockerfile: str, build_args: Mapping[str, str]) -> list[str]:
    """Images from outside that a Dockerfile's text starts from or copies from, in order, without repeats."""
    arguments, stages, bases = dict[str, str](), {"scratch"}, dict[str, None]()
    for line in map(str.strip, dockerfile.splitlines()):
        if (found := _ARG.match(line)) and not bases:   # only those before the first FROM count in a FROM
            arguments[found[1]] = build_args.get(found[1], found[2])
        elif found := _FROM.match(line) or _COPY_FROM.match(line):
            name = _VARIABLE.sub(lambda part: build_args.get(part[1], arguments.get(part[1], part[2] or "")), found[1])
            if name not in stages and not name.isdigit():
                bases[name] = None
            stages |= {found[2]} if found.re is _FROM and found[2] else set()
    return list(bases)


def layers_made(output: Iterable[str]) -> Iterator[str]:
    """Ids of the layers that a classic build made itself, from what it printed, oldest first."""
    step, cached = "", False
    for line in output:
        if line.startswith("Step "):
            step, cached = line.partition(" : ")[2].upper(), False
        elif line == " ---> Using cache":
            cached = True
        elif (layer := re.fullmatch(r" ---> ([0-9a-f]{12})", line)) and not cached and not step.startswith("FROM"):
            yield layer[1]
