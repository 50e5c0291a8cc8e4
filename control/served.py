"""The flows that this installation serves: the entrypoints in `prefect.yaml`, and no other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import yaml

DEPLOYMENTS = Path(__file__).with_name("prefect.yaml")
"""In a clone a link to the file at the top; in an installed Tidegate the file itself."""
FILE_VARIABLE = "TIDEGATE_DEPLOYMENTS"
"""A file in place of `prefect.yaml`, for worker and parent alike."""


def served_entrypoints() -> frozenset[str]:
    """Words like `flows.release:release`."""
    file = Path(os.environ.get(FILE_VARIABLE) or DEPLOYMENTS)
    return frozenset(one["entrypoint"] for one in yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"])


def modules_of(entrypoints: Iterable[str]) -> list[str]:
    return sorted({entrypoint.partition(":")[0] for entrypoint in entrypoints})
