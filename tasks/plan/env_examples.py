"""What a team says of its env files: examples that lie beside them."""

from __future__ import annotations

import re
from pathlib import Path

from tidegate.stack.envfile import read_env_as_far

EXAMPLES = (
    ".env.docker.example",
    ".env.docker",
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    "env.example",
    "env.sample",
    "env.template",
    "example.env",
    "sample.env",
    "template.env",
)
_EXAMPLE = re.compile(r"example|sample|template|dist\Z", re.IGNORECASE)
_ENDINGS = ("example", "sample", "template", "dist")


def example_in(folder: Path) -> dict[str, str]:
    """What the team says of its env file; else what is in the one that lies there."""
    others = sorted(one.name for one in folder.glob(".env.*") if _EXAMPLE.search(one.name))
    return _first(folder, (*EXAMPLES, *others, ".env"))


def example_of(folder: Path, name: str, *, is_tracked: bool) -> dict[str, str]:
    """What the env file `name` holds: it says so itself where git has it, else its own example
    does."""
    if is_tracked:
        return _first(folder, (name,))
    if Path(name).name == ".env":
        return example_in((folder / name).parent)
    return _first(folder, tuple(f"{name}.{ending}" for ending in _ENDINGS))


def _first(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    there = (folder / name for name in names if (folder / name).is_file())
    return next((read_env_as_far(file)[0] for file in there), {})
