"""Every day: does the ledger still say what was written into it? What differs is told and makes the
run red."""

from __future__ import annotations

from prefect import flow

from flows.plain import plainly
from tasks.people.audit import compare_trail, publish_trail, refuse_differences, tell_of_differences
from tidegate.settings import Settings


@flow(name="audit", flow_run_name="compare the audit trail with the ledger", persist_result=False)
@plainly
def audit() -> None:
    """Compare the audit trail with itself, with hashes kept elsewhere, and every row with what the
    trail says of it."""
    settings = Settings()
    report = compare_trail(settings)
    publish_trail(settings, report)
    if not report.is_whole:
        tell_of_differences(settings, report)
    refuse_differences(report)
