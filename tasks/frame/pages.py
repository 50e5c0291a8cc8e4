"""Artifacts: each stage leaves a page in the Prefect UI, which reads as the audit trail."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.runtime import flow_run

from tasks.frame.open_environment import OpenEnvironment
from tasks.frame.work import Work
from tidegate.pages.words import WORDS


def publish(work: Work, name: str, markdown: str) -> UUID:
    """Leave `markdown` under the key `<stack>-<environment>-<number>-<name>`, without any secret's
    value.

    Returns the id of the page.
    """
    title = WORDS[work.env.stack.language][f"page {name}"]
    return publish_page(
        work.env,
        f"{work.deployment.number}-{name}",
        markdown,
        f"{title}: {work.title} {work.version.name}",
    )


def publish_page(env: OpenEnvironment, name: str, markdown: str, description: str) -> UUID:
    """A page of the whole run, whichever step leaves it: the list on the run's page shows no
    others."""
    page = ArtifactCreate(
        type="markdown",
        key=f"{env.stack.name}-{env.name}-{name}",
        description=description,
        data=env.redactor.redact(markdown),
        flow_run_id=flow_run.get_id(),
    )
    with get_client(sync_client=True) as client:
        return client.create_artifact(page).id
