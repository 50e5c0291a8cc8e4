"""What is done on the machine of the seeds: one Tidegate for all of them, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from tests.field.rows import SEEDS_TABLE, Row, line_of, write_row
from tests.field.seeds import town
from tests.field.seeds.images import (
    BUILT,
    BY_TAG,
    build_by_hand,
    load,
    push_version,
    remove_containers,
)
from tests.field.seeds.machine import engine, registry
from tests.field.seeds.repositories import SEISEI, VERSIONS, commit_of, make_repositories
from tests.field.seeds.table import SEEDS, Seed, seed_named
from tests.field.seeds.trying import Trial, try_out
from tests.installation import Installation, installation
from tidegate.settings import Settings


def main(folder: Path, names: Sequence[str], images: Mapping[str, str]) -> None:
    os.environ["TIDEGATE_TRUSTED_FRONTS"] = "127.0.0.1"  # people come by https
    repositories = folder / "repositories"
    with engine(folder), registry(folder):
        load(folder / "images.tar", images)
        town.make_networks()
        make_repositories(repositories)
        seeds = [one for one in SEEDS if not names or one.name in names]
        for name in {name for seed in seeds for name in (*seed.calls, seed.name)}:
            _make_images(seed_named(name), repositories)
        with installation(folder / "tidegate", _add_stacks) as tidegate:
            for seed in seeds:
                _try(seed, tidegate)
            remove_containers()


def _try(seed: Seed, tidegate: Installation) -> None:
    row = Row(seed.name, seed.kind)
    try_out(Trial(tidegate, seed, row))
    write_row(row, [one.name for one in SEEDS], table=SEEDS_TABLE)
    line = line_of(SEEDS_TABLE.cells(row.cells()))
    Console(width=200).print(line, markup=False, soft_wrap=True)


def _add_stacks(settings: Settings) -> None:
    town.lay_out_stacks(settings.stacks)
    town.run_managed_databases(settings.stacks)


def _make_images(seed: Seed, repositories: Path) -> None:
    """Both versions are pushed, by the commits that they are; of a stack that its release builds,
    only what runs by hand is there."""
    if seed.name in BUILT:
        build_by_hand(seed.name, repositories)
    versions = [*seed.versions, *filter(None, (seed.updates, *seed.later))]
    for version in versions if seed.name in BY_TAG else ():
        commit = commit_of(repositories / SEISEI, version) if version in VERSIONS else ""
        push_version(seed.name, version, commit, is_first=version == seed.versions[0])


if __name__ == "__main__":
    at = sys.argv.index("--")
    told = dict(word.split("=", 1) for word in sys.argv[at + 1 :])
    main(Path(sys.argv[1]), sys.argv[2:at], told)
