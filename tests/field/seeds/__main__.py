"""`python -m tests.field.seeds`: every seed of `examples/seeds`, or those that are named."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.field.seeds.images import of_the_machine, save
from tests.field.seeds.machine import run_on_it


def main(names: Sequence[str]) -> int:
    """What this machine has of images goes there; all else is done there."""
    if os.geteuid() != 0:
        sys.exit(
            "the seeds get a network and a Docker Engine of their own: only root can make them"
        )
    with tempfile.TemporaryDirectory(prefix="tidegate-seeds-") as folder:
        images = of_the_machine()
        save(Path(folder) / "images.tar", images)
        words = [f"{name}={image}" for name, image in images.items()]
        return run_on_it("tests.field.seeds.there", [folder, *names, "--", *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
