"""A Docker configuration that names a credential helper which this machine lacks: said clearly."""

from __future__ import annotations

import re

from tidegate.errors import ConfigError

_MISSING = (  # as the Docker client says it, and as its SDK does
    re.compile(r"(docker-credential-[\w.-]+)\W+executable file not found"),
    re.compile(r"(docker-credential-[\w.-]+) not installed or not available"),
)


def missing_helper(doing: str, said: str) -> ConfigError | None:
    """The error for what Docker's client or SDK said, where that is its meaning."""
    for pattern in _MISSING:
        if found := pattern.search(said):
            return ConfigError(
                doing,
                f"Docker's configuration on this machine (`config.json`) names the credential "
                f"helper {found[1]}, which is not installed",
                f"Install {found[1]}, or take it out of `credsStore` and `credHelpers` there",
            )
    return None
