"""Whether an engine can do what a release asks of it. Each look says what was found, or raises."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from blocks.command import run_command
from blocks.docker.compose import Compose
from blocks.docker.engine_errors import engine_errors
from blocks.docker.host import DockerHost
from blocks.docker.host_facts import EngineMeasures
from tidegate.errors import CapacityError, EngineError

OLDEST, WITH_HEREDOCS = (20, 10), (23, 0)
MOST_SKEW_SECONDS = 5.0
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class EngineLooks:
    """Of one engine. Raises EngineError, ComposeError, CapacityError."""

    host: DockerHost

    def engine(self) -> str:
        version, numbers, system = self._version()
        if numbers < OLDEST or system != "linux":
            raise EngineError(
                "asking the engine",
                f"it is {version} for {system}",
                f"Use {'.'.join(map(str, OLDEST))} or newer, for Linux",
            )
        return f"Docker {version}"

    def _version(self) -> tuple[str, tuple[int, ...], str]:
        with engine_errors("asking the engine"):
            said = self.host.client.version()
        version = str(said["Version"])
        return (
            version,
            tuple(int(part) for part in re.findall(r"\d+", version)[:2]),
            str(said.get("Os", "")),
        )

    def compose(self) -> str:
        return f"Docker Compose {Compose(self.host).version()}"

    def builds(self) -> str:
        """Compose builds by the engine's own BuildKit, which is as old as the engine; buildx is not
        needed."""
        version, numbers, _ = self._version()
        old = (
            ""
            if numbers >= WITH_HEREDOCS
            else "; it knows no heredocs and no `additional_contexts`: they need Docker 23"
        )
        return (
            f"by the BuildKit of Docker {version}, "
            f"buildx is {'there' if _has_buildx() else 'not needed'}{old}"
        )

    def disk(self, least_bytes: int, least_ratio: float) -> str:
        """Where Docker keeps its data."""
        facts = EngineMeasures(self.host).facts()
        least = max(least_bytes, int(facts.disk_total * least_ratio))
        said = f"{facts.disk_free / (1 << 30):.1f} GiB free, {least / (1 << 30):.1f} GiB needed"
        if facts.disk_free < least:
            raise CapacityError(
                "measuring the disk", said, "Remove images that nobody needs: `docker image prune`"
            )
        return said

    def clock(self) -> str:
        """Against the clock of this machine: what is later and what is newer is decided by
        times."""
        before = datetime.now(UTC)
        with engine_errors("asking the engine for its time"):
            said = str(self.host.client.info()["SystemTime"])
        skew = skew_seconds(said, before, datetime.now(UTC))
        if skew > MOST_SKEW_SECONDS:
            raise EngineError(
                "comparing the clocks",
                f"the engine's differs by {skew:.0f} s from this machine's",
                "Let both follow a time server (NTP)",
            )
        return "as this machine's" if skew < 1 else f"{skew:.1f} s from this machine's"


def skew_seconds(said: str, before: datetime, after: datetime) -> float:
    """How far a time that was asked for between `before` and `after` is outside of these."""
    found = _TIME.match(said)
    if not found:
        raise EngineError(
            "comparing the clocks",
            f"the engine says {said!r}, which is no time",
            "Look at its machine's clock",
        )
    there = datetime.fromisoformat(found[1] + (found[2] or "") + found[3].replace("Z", "+00:00"))
    return max(0.0, (before - there).total_seconds(), (there - after).total_seconds())


def _has_buildx() -> bool:
    try:
        return (
            run_command(
                ("docker", "buildx", "version"), environment=os.environ, timeout_seconds=10
            ).exit_code
            == 0
        )
    except (OSError, TimeoutError):
        return False
