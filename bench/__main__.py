"""`make bench`: a release and the way back, Tidegate beside `docker compose up -d`, in one run on
one machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.idle import idle_shares, idle_table
from bench.measuring import Measured
from bench.seeds_way import ComposeStack, seeds_way
from bench.stages import Stages, stages_table
from bench.tidegate_way import OLD, TidegateWay
from bench.ways_back import ways_back_table
from blocks.docker.host import DockerHost
from tests.e2e.releases import released
from tests.installation import Installation, add_stack, domain_of, free_ports, installation
from tidegate.settings import Settings
from tidegate.stack.catalogue import find_stack

QUICK, SLOW = "benchquick", "benchslow"
BESIDE = "side"
APPS = {QUICK: "ready at once", SLOW: "3 s to start"}
DELAYED = (
    "    restart: unless-stopped\n"
    '    command: ["sh", "-c", "sleep 3 && exec python -m cloudlens"]\n'
)


def main() -> None:
    """Each table as soon as its figures are there."""
    console = Console(width=120)
    measured, stages = list[Measured](), list[Stages]()
    with (
        tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder,
        installation(Path(folder), _stacks) as tidegate,
    ):
        for stack, app in APPS.items():
            way = TidegateWay(tidegate, stack, app)
            measured += _measure(tidegate, stack, way)
            if stack == QUICK:
                console.print(ways_back_table(way.ways_back()))
                way.turn_bad()
            stages += way.stages
        for shown in (_table(measured), _ratios(measured), stages_table(stages)):
            console.print(shown)
        console.print(idle_table(idle_shares(tidegate.plane)))


def _stacks(settings: Settings) -> None:
    for name in APPS:
        add_stack(
            settings,
            name,
            environments=("prod",),
            changes={
                "environments.prod.approval": False,
                "environments.prod.drain_seconds": 1,
                "smoke_repeat_seconds": 0,
            },
        )
        # its compose file alone is used
        add_stack(settings, f"{name}{BESIDE}", environments=("prod",))
    for name in (SLOW, f"{SLOW}{BESIDE}"):
        compose = settings.stacks / name / "docker-compose.yml"
        compose.write_text(compose.read_text().replace("    restart: unless-stopped\n", DELAYED, 1))


def _measure(tidegate: Installation, stack: str, way: TidegateWay) -> Iterator[Measured]:
    state = released(stack=stack, version=OLD, watch_seconds=0)
    assert state.is_completed(), state.message
    yield from way.measured()
    _name_images(tidegate, stack)
    beside = ComposeStack(
        tidegate.settings.stacks / f"{stack}{BESIDE}", f"{stack}{BESIDE}-prod", free_ports(1)[0]
    )
    beside.up_all(OLD)
    try:
        yield from seeds_way(beside, domain_of(stack, "prod"), APPS[stack])
    finally:
        beside.down()


def _name_images(tidegate: Installation, stack: str) -> None:
    """The compose file asks for `repository:version`; what was built for another stack may have
    lost that name since."""
    service = find_stack(tidegate.settings.stacks, stack).services[0]
    for one in tidegate.history(stack):
        DockerHost().client.images.get(one.release.images[service.name]).tag(
            str(service.image), one.version
        )


def _table(rows: list[Measured]) -> Table:
    shown = Table(
        title="One change under 50 requests/s (keep-alive, no retries), one run on one machine"
    )
    for heading in (
        "Change",
        "Application",
        "Requests failed",
        "Longest gap",
        "Wanted version answers after",
    ):
        shown.add_column(heading)
    for row in rows:
        answered = "never" if row.answered_seconds is None else f"{row.answered_seconds:.1f} s"
        shown.add_row(
            row.what,
            row.app,
            f"{row.failed} of {row.total}",
            f"{row.longest_gap_seconds * 1000:.0f} ms",
            answered,
        )
    return shown


def _ratios(rows: list[Measured]) -> Table:
    """The same change of the same application, one beside the other."""
    shown = Table(title="docker compose up -d, measured by Tidegate's figures of the same run")
    for heading in (
        "Change",
        "Application",
        "Requests failed",
        "Longest gap",
        "Until the wanted version answers",
    ):
        shown.add_column(heading)
    found = {(row.what, row.app): row for row in rows}
    for ours, theirs in (
        ("Tidegate: release", "docker compose up -d: release"),
        ("Tidegate: rollback, warm", "docker compose up -d: back"),
        ("Tidegate: rollback, cold", "docker compose up -d: back"),
    ):
        for app in APPS.values():
            mine, other = found[ours, app], found[theirs, app]
            shown.add_row(
                ours,
                app,
                f"{other.failed} : {mine.failed}",
                _times(other.longest_gap_seconds, mine.longest_gap_seconds),
                _times(other.answered_seconds, mine.answered_seconds),
            )
    return shown


def _times(theirs: float | None, ours: float | None) -> str:
    return "–" if not theirs or not ours else f"{theirs / ours:.2f} times as long"


if __name__ == "__main__":
    main()
