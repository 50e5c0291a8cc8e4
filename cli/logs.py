"""`tidegate logs`: what the containers of an environment print."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from json import dumps

from tidegate.log_line import LogLine


def show(lines: Iterable[LogLine], *, as_json: bool) -> None:
    """Each at once, so that a pipe has it too. A reader who goes away, or Ctrl-C, ends it. An empty
    log says that it is."""
    printed = False
    try:
        for line in lines:
            printed = True
            print(dumps(asdict(line)) if as_json else f"{line.service} | {line.text}", flush=True)
    except (BrokenPipeError, KeyboardInterrupt):
        return
    if not printed:
        print("The containers have printed nothing.", file=sys.stderr)
