"""The daily look at the ledger itself: does it still say what was written into it?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from tasks.frame import adapters
from tasks.frame.messages import send_once
from tidegate.each import each
from tidegate.errors import LedgerError
from tidegate.ledger.anchors import AnchorFile
from tidegate.ledger.auditing import compare, key_of, message_of, page_of
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.verifying import Report
from tidegate.settings import Settings
from tidegate.stack.catalogue import every_stack
from tidegate.stack.file import Stack


@task(
    task_run_name="compare the audit trail with the ledger",
    timeout_seconds=3600,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def compare_trail(settings: Settings) -> Report:
    """Read the whole trail and all tables.

    Needs: a ledger. Leaves: nothing. Again: looks again. Undo: nothing to undo.
    """
    report = compare(settings)
    for finding in report.findings:
        get_run_logger().error("%s", finding.text)
    return report


@task(
    task_run_name="publish the audit trail's newest hash",
    timeout_seconds=60,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def publish_trail(settings: Settings, report: Report) -> None:
    """Keep the newest hash outside of the ledger, where a cut end or a rewritten chain shows.

    Needs: a report. Leaves: a line in the home folder, a page in Prefect. Again: the same line.
    Undo: nothing to undo.
    """
    AnchorFile(settings.home).append(report.newest)
    languages = sorted({stack.language for stack in every_stack(settings.stacks).good}) or ["en"]
    create_markdown_artifact(
        key="audit-trail",
        description="Does the ledger still say what was written into it?",
        markdown="\n\n".join(page_of(report, language) for language in languages),
    )


@task(
    task_run_name="tell people what differs",
    timeout_seconds=300,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def tell_of_differences(settings: Settings, report: Report) -> None:
    """Say once, and again each week while it lasts, what differs, to everybody whom red messages
    reach.

    Needs: findings. Leaves: a row per address. Again: what was sent is not sent twice. Undo:
    nothing to undo.
    """
    ledger, key = Ledger(settings.database_url), key_of(report.findings, datetime.now(UTC))
    languages = channels(every_stack(settings.stacks).good)

    def tell(channel: str) -> None:
        message = message_of(report.findings, languages[channel])
        send_once(
            ledger.messages,
            adapters.notifier(channel),
            message,
            key=f"{key}-{channel}",
            channel=channel,
        )

    for fault in each({channel: channel for channel in languages}, tell, "telling").faulty:
        get_run_logger().warning("not told to %s: %s", fault.name, fault.error)


def refuse_differences(report: Report) -> None:
    """Raises LedgerError, so that the run is red for as long as something differs."""
    if not report.is_whole:
        raise LedgerError(
            "comparing the audit trail with the ledger",
            f"{len(report.findings)} difference(s)",
            "Run `tidegate audit verify`, which names the values too, "
            "and see `tidegate docs operations`",
        )


def channels(stacks: Iterable[Stack]) -> dict[str, str]:
    """Notifier -> language of the first stack that names it."""
    found: dict[str, str] = {}
    for stack in stacks:
        for channel in stack.notifiers_for("red"):
            found.setdefault(channel, stack.language)
    return found
