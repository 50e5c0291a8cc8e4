"""How often Prefect's processes do what nobody waits for, and what they leave out. Prefect's own
values suit many people and many workers. On one idle machine they took more processor time than
everything else."""

from __future__ import annotations

SELDOM = {
    "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": "60",  # it marks runs that did not start
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_LOOP_SECONDS": "30",  # nobody decided in time
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "30",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_FOREMAN_LOOP_SECONDS": "60",  # it shows workers that are gone
    "PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "60",
    # for machines that a worker made; ours makes none
    "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",  # many steps in one transaction,
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",  # a second later
    "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT60S",  # our automation answers to what comes
}

UNASKED = {
    # the server gives no such tokens: its door wants the secret
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    # server and runs are of one installation
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    # Prefect lists all time zones for each schedule. The package tzdata has a list; a folder is
    # searched
    "PYTHONTZPATH": "",
}
"""Questions that every run would ask before its own first step."""

KEPT_DAYS = 90
RETENTION = {
    # runs, with their logs and pages
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(KEPT_DAYS * 24 * 3600),
    # outlives the server
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency."
    "lease_storage.filesystem",
}
"""What the server keeps, and for how long. What was released, and who decided, is in our own ledger
for ever."""
