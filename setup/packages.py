"""Packages of the distribution: only on Debian and its relatives, only as root, and said aloud."""

import os
import shutil
import threading

from setup.step import SetupError, asked, run, say

_one_at_a_time = threading.Lock()  # apt holds a lock of its own and would fail, not wait


def install(purpose: str, *names: str) -> None:
    """Install `names`. Raises SetupError, with what to install by hand, where this cannot."""
    wanted = " ".join(names)
    if not shutil.which("apt-get"):
        raise SetupError(
            f"{purpose} is missing and this is not Debian or Ubuntu. Install it and run this again"
        )
    if os.geteuid() != 0:
        raise SetupError(
            f"{purpose} is missing. As root: apt-get install {wanted}, then run this again"
        )
    say(f"installing {purpose}: apt-get install {wanted}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _one_at_a_time:
        run("apt-get update", ["apt-get", "update", "-q"], environment=quiet)
        command = ["apt-get", "install", "-qy", "--no-install-recommends", *names]
        run(f"installing {purpose}", command, environment=quiet)


def is_known(name: str) -> bool:
    return bool(asked(["apt-cache", "policy", name]))
