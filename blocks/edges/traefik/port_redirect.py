"""Redirect new connections to a port of this machine to another port of it, for a while. Open
connections stay where they are.

By the kernel's NAT table, which a Docker engine needs anyway. Each rule carries a comment by which
it is found again, so that it can be taken back also after a crash.
"""

from __future__ import annotations

import os
import shlex
import shutil

from blocks.command import run_command
from tidegate.errors import EdgeError
from tidegate.facts import Outcome

_SECONDS = 20


def why_impossible() -> str | None:
    """None where this process can do it."""
    if shutil.which("iptables") is None:
        return "this machine has no iptables"
    if os.geteuid() != 0:
        return "only root may redirect a port"
    tried = _iptables("-S", "OUTPUT")
    return f"iptables says: {tried.stderr.strip()}" if tried.exit_code else None


def redirect(port: int, to: int, comment: str) -> None:
    """Again: changes nothing. Raises EdgeError."""
    rule = [
        "OUTPUT",
        "-p",
        "tcp",
        "-d",
        "127.0.0.1/32",
        "--dport",
        str(port),
        "-m",
        "comment",
        "--comment",
        comment,
        "-j",
        "REDIRECT",
        "--to-ports",
        str(to),
    ]
    if _iptables("-C", *rule).exit_code:
        _checked("-I", *rule)


def redirected(comment: str) -> list[list[str]]:
    """The rules with this comment that are in force, as iptables writes them. Empty where this
    process may not read them."""
    if why_impossible():
        return []
    rules = [shlex.split(line) for line in _iptables("-S", "OUTPUT").stdout.splitlines()]
    return [rule[1:] for rule in rules if rule[:2] == ["-A", "OUTPUT"] and comment in rule]


def undo(comment: str) -> None:
    """Again: changes nothing. Raises EdgeError."""
    for rule in redirected(comment):
        _checked("-D", *rule)


def _checked(*arguments: str) -> None:
    outcome = _iptables(*arguments)
    if outcome.exit_code:
        raise EdgeError(
            "redirecting a port of this machine",
            outcome.stderr.strip() or f"exit code {outcome.exit_code}",
            "Look at `iptables -t nat -S OUTPUT`",
        )


def _iptables(*arguments: str) -> Outcome:
    try:
        return run_command(
            ["iptables", "-w", "5", "-t", "nat", *arguments],
            environment={"PATH": os.environ.get("PATH", "")},
            timeout_seconds=_SECONDS,
        )
    except (OSError, TimeoutError) as error:
        raise EdgeError(
            "redirecting a port of this machine", str(error), "Look whether iptables works"
        ) from None
