"""The labels by which an image says what it is (OCI annotations), and from what it was built."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC

from tidegate.versions import Commit

OCI = "org.opencontainers.image."
REVISION_LABEL = f"{OCI}revision"
STACK_LABEL = "tidegate.stack"
INPUTS_LABEL = "tidegate.inputs"
BASES_LABEL = "tidegate.bases"
"""JSON: each base image that the build used, and its id on the engine then."""


def release_labels(
    stack: str, title: str, name: str, commit: Commit, source: str, inputs: str
) -> dict[str, str]:
    """Of an image of the version `name`. `created` is the commit's date: a second build of the same
    commit says the same."""
    oci = {
        "title": title,
        "version": name,
        "revision": commit.sha,
        "source": source,
        "created": commit.at.astimezone(UTC).isoformat(),
    }
    return {f"{OCI}{key}": value for key, value in oci.items()} | {
        STACK_LABEL: stack,
        INPUTS_LABEL: inputs,
    }


def bases_in(labels: Mapping[str, str]) -> dict[str, str] | None:
    """The base images of what was built here, name -> id; None where nothing says them."""
    noted: dict[str, str] | None = json.loads(labels.get(BASES_LABEL, "null"))
    return noted
