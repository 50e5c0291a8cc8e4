"""Artifacts: each stage leaves a page in the Prefect UI, which reads as the audit trail."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from prefect.artifacts import create_markdown_artifact

from tasks.work import OpenEnvironment, Work
from tidegate.page_words import WORDS


def publish(work: Work, name: str, markdown: str) -> UUID:
    """Leave `markdown` under the key `<stack>-<environment>-<number>-<name>`, without any secret's value.

    Returns the id of the page.
    """
    title = WORDS[work.env.stack.language][f"page {name}"]
    return publish_page(work.env, f"{work.deployment.number}-{name}", markdown, f"{title}: {work.title} {work.version.name}")


def publish_page(env: OpenEnvironment, name: str, markdown: str, description: str) -> UUID:
    key = f"{env.stack.name}-{env.name}-{name}"
    made = create_markdown_artifact(key=key, description=description, markdown=env.redactor.redact(markdown))
    return cast(UUID, made)   # outside of an event loop it is no coroutine
