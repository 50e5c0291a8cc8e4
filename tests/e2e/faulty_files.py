"""Files of a stack, changed while a test lasts, and the faults that they then have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

Change = Callable[[str], str]


@contextmanager
def rewritten(file: Path, change: Change) -> Iterator[None]:
    text = file.read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")


def set_key(key: str, value: str) -> Change:
    return lambda text: re.sub(rf"(?m)^{key}=.*$", f"{key}={value}", text)


def without_key(key: str) -> Change:
    return lambda text: re.sub(rf"(?m)^{key}=.*\n", "", text)


def in_stack(change: Callable[[dict[str, Any]], object]) -> Change:
    def changed(text: str) -> str:
        content = yaml.safe_load(text)
        change(content)
        return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)

    return changed


def five_faults(content: dict[str, Any]) -> None:
    content["language"] = "fr"
    content["colour"] = "red"
    content["services"][0]["port"] = 0
    content["environments"]["prod"]["domains"] = ["http://x"]
    del content["environments"]["staging"]["env_file"]


def unknown_key(content: dict[str, Any]) -> None:
    content["colour"] = "red"


_SHOWN: list[tuple[str, Change, list[str]]] = [
    (
        ".env.production",
        without_key("APP_PASSWORD"),
        ["/.env.production: APP_PASSWORD: is missing"],
    ),
    (
        "docker-compose.yml",
        lambda text: text + "\n  bad: [",
        ["reading docker-compose.yml", "yaml", "Correct the compose file"],
    ),
    (
        "stack.yaml",
        in_stack(five_faults),
        [
            "language: ",
            "colour: unknown key",
            "services[0].port: ",
            'environments.prod.domains[0]: must be a host name (got "http://x")',
            "environments.staging.env_file: is missing",
        ],
    ),
]
"""The file, its change, and what a refusal says of it."""
_ALIKE: list[tuple[str, Change, list[str]]] = [
    (".env.staging", without_key("APP_PASSWORD"), ["/.env.staging: APP_PASSWORD: is missing"]),
    (
        ".env.production",
        set_key("APP_PASSWORD", "CHANGEME"),
        ["APP_PASSWORD: holds a placeholder"],
    ),
    (
        ".env.staging",
        set_key("MYSQL_PASSWORD", "***REDACTED***"),
        ["MYSQL_PASSWORD: holds a placeholder"],
    ),
    (
        ".env.production",
        set_key("CACHE_IMAGE", "redis:latest"),
        ["services.redis.image: must not be latest in prod"],
    ),
    (
        "docker-compose.staging.yml",
        lambda text: text + "\n  bad: [",
        ["reading docker-compose.staging.yml", "yaml"],
    ),
    (
        "stack.yaml",
        in_stack(
            lambda stack: stack["source"]["build_args"].update(
                PIP_INDEX="https://${APP_PASSWORD}@example.org"
            )
        ),
        ["source.build_args.PIP_INDEX", "APP_PASSWORD is a secret"],
    ),
    (
        "stack.yaml",
        in_stack(lambda stack: stack["environments"]["prod"].update(host="moon")),
        ["loading the block tidegate-docker-host/moon: there is none of that name"],
    ),
]


def faulty_files(mark: pytest.MarkDecorator) -> list[Any]:
    """The parameters of a test. Those that others are like have the mark."""
    return [*_SHOWN, *(pytest.param(*one, marks=mark) for one in _ALIKE)]
