"""The flows that this installation serves: the entrypoints in `prefect.yaml`, and no other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

DEPLOYMENTS = Path(__file__).with_name("prefect.yaml")
"""In a clone a link to the file at the top; in an installed Tidegate the file itself."""
FILE_VARIABLE = "TIDEGATE_DEPLOYMENTS"
"""A file in place of `prefect.yaml`, for worker and parent alike."""
Entry = dict[str, Any]


def fixed() -> list[Entry]:
    """Deployments that are there once, whatever the stacks are."""
    return list(_file()["deployments"])


def for_each_environment() -> list[Entry]:
    """Deployments that are there once for each environment, by its name."""
    return list(_file().get("each_environment", ()))


def served_entrypoints() -> frozenset[str]:
    """Words like `flows.release:release`."""
    return frozenset(one["entrypoint"] for one in (*fixed(), *for_each_environment()))


def modules_of(entrypoints: Iterable[str]) -> list[str]:
    return sorted({entrypoint.partition(":")[0] for entrypoint in entrypoints})


def _file() -> dict[str, Any]:
    file = Path(os.environ.get(FILE_VARIABLE) or DEPLOYMENTS)
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content
