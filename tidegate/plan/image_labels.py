"""The labels by which an image says what it is (OCI annotations), and from what it was built."""

from __future__ import annotations

from datetime import UTC

from tidegate.facts import Version

REVISION_LABEL = "org.opencontainers.image.revision"
STACK_LABEL = "tidegate.stack"
INPUTS_LABEL = "tidegate.inputs"


def release_labels(stack: str, title: str, version: Version, source: str, inputs: str) -> dict[str, str]:
    """Of an image of `version`. `created` is the commit's date: a second build of the same commit says the same."""
    oci = {"title": title, "version": version.name, "revision": version.commit.sha, "source": source,
           "created": version.commit.at.astimezone(UTC).isoformat()}
    return {f"org.opencontainers.image.{name}": value for name, value in oci.items()} | {
        STACK_LABEL: stack, INPUTS_LABEL: inputs}
