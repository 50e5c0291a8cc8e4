"""The labels by which an image says what it is (OCI annotations), and from what it was built."""

from __future__ import annotations

from datetime import UTC

from tidegate.versions import Commit

OCI = "org.opencontainers.image."
REVISION_LABEL = f"{OCI}revision"
STACK_LABEL = "tidegate.stack"
INPUTS_LABEL = "tidegate.inputs"


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
