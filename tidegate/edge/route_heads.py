"""The head of a route's file: what cannot be read from the routers, as lines that are comments to
Traefik. Written and read back here."""

from __future__ import annotations

import json
import re
from dataclasses import astuple

from tidegate.edge.facts import Door, DoorPlace, Route, Sharing
from tidegate.edge.hosts import is_forwarded, is_wildcard
from tidegate.edge.route_faults import slots_of

_HEAD = re.compile(
    r"# written by Tidegate; do not edit: the next switch overwrites it\n"
    r"# stack: (?P<stack>[a-z][a-z0-9-]*)\n# environment: (?P<environment>[a-z][a-z0-9-]*)\n"
    r"# deployment: [0-9, none]+\n"
    # 0.1 wrote the path without quotes
    r"# fence: (?P<fence>[0-9]{1,18})\n# ready path: (?P<ready>.*)\n"
    r"(?P<https># https\n)?(?:# domains: (?P<domains>\[.*\])\n)?"
    r"(?:# shares: (?P<shares>\[.*\])\n)?"
    r"(?P<doors>(?:# door of [0-9]{1,9}: \[.*\]\n)*)"
)
_DOOR = re.compile(r"# door of ([0-9]+): (.*)\n")


def head_of(route: Route) -> str:
    serving = ", ".join(str(target.deployment) for target in route.targets) or "none"
    return (
        "# written by Tidegate; do not edit: the next switch overwrites it\n"
        f"# stack: {route.stack}\n# environment: {route.environment}\n# deployment: {serving}\n"
        f"# fence: {route.fence}\n# ready path: {json.dumps(route.ready_path)}\n"
        + ("# https\n" if route.https else "")
        + _of_doors(route)
    )


def _of_doors(route: Route) -> str:
    """Nothing where one service has all paths of whole names."""
    told = [
        (slot.deployment, [door.hosts, door.path, door.url, door.ready_path, door.sticky])
        for slot in slots_of(route)
        for door in slot.doors
    ]
    domains = (
        f"# domains: {json.dumps(route.domains)}\n"
        if told
        or route.sharing
        or any(is_wildcard(host) or is_forwarded(host) for host in route.domains)
        else ""
    )
    shared = f"# shares: {json.dumps(astuple(route.sharing))}\n" if route.sharing else ""
    doors = "".join(f"# door of {number}: {json.dumps(door)}\n" for number, door in told)
    return domains + shared + doors


def read_head(text: str) -> re.Match[str]:
    """Its facts by name. Raises ValueError where the text has none."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError("no head")
    return head


def sharing_in(head: re.Match[str]) -> Sharing | None:
    if not head["shares"]:
        return None
    stacks, places, begun = json.loads(head["shares"])
    return Sharing(tuple(stacks), tuple(DoorPlace(*place) for place in places), begun)


def doors_in(head: re.Match[str]) -> dict[int, tuple[Door, ...]]:
    """By the number of their deployment."""
    doors: dict[int, tuple[Door, ...]] = {}
    for number, told in _DOOR.findall(head["doors"]):
        hosts, path, url, ready_path, sticky = json.loads(told)
        doors[int(number)] = (
            *doors.get(int(number), ()),
            Door(tuple(hosts), path, url, ready_path, sticky),
        )
    return doors
