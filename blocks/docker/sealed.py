"""How a container is made for code that nobody has accepted: it reaches nothing, keeps nothing,
takes little."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docker.types import LogConfig

MOST_SEALED_BYTES = 16 << 20
"""Of all that it prints."""
_MOST_PROCESSES = 64
_MEMORY = "1g"
_SCRATCH = "rw,nosuid,nodev,size=64m,mode=1777"


def seal(volumes: Iterable[str]) -> dict[str, Any]:
    """Arguments of `containers.create`, for a job without networks. The engine would make a volume
    for each of the `volumes` that the image declares: an empty folder in memory stands in its
    place."""
    return {
        "network_disabled": True,
        "read_only": True,
        "tmpfs": {**dict.fromkeys(volumes, "ro,size=4k"), "/tmp": _SCRATCH},
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "ipc_mode": "private",
        "pids_limit": _MOST_PROCESSES,
        "mem_limit": _MEMORY,
        "memswap_limit": _MEMORY,
        "cpu_shares": 256,
        "healthcheck": {"test": ["NONE"]},
        "log_config": LogConfig(type="none"),
    }
