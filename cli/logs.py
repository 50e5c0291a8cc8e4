"""`tidegate logs`: what the containers of an environment print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from json import dumps

from tidegate.log_line import LogLine


def show(lines: Iterable[LogLine], *, as_json: bool) -> None:
    """Each at once, so that a pipe has it too. A reader who goes away, or Ctrl-C, ends it."""
    try:
        for line in lines:
            print(dumps(asdict(line)) if as_json else f"{line.service} | {line.text}", flush=True)
    except (BrokenPipeError, KeyboardInterrupt):
        return
