"""The files of the team's folder that a base service was started with, beside those that lie there
now."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.frame.open_environment import OpenEnvironment
from tidegate.plan.base_changes import BasePlan


def changed_files(env: OpenEnvironment, service: str) -> list[str]:
    """Files of the team's folder that were others when the service was started; none where nobody
    knows that."""
    files = env.files_of([service])
    before = _started_with(env, service) if files else {}
    if not before:
        return []
    now = env.configuration.prints
    return [name for name in files if now[f"files/{name}"] != before.get(name)]


def _started_with(env: OpenEnvironment, service: str) -> Mapping[str, str]:
    """The fingerprints of files when its container was made, by name."""
    for one in env.ledger.deployments.history(env.stack.name, env.name):
        if one.kind == "base" and one.was_good:
            changed = BasePlan.of(one.figures["base"])
            if service in changed.services:
                return changed.files
        journal = env.ledger.journal
        started = journal.get(
            journal.key(env.name, env.stack.name, one.number, "start-base-services")
        )
        if started and started.is_done and service in started.evidence["started"]:
            kept = journal.get(
                journal.key(env.name, env.stack.name, one.number, "keep-configuration")
            )
            prints = kept.evidence["configuration"] if kept and kept.is_done else {}
            return {
                name.removeprefix("files/"): value
                for name, value in prints.items()
                if name.startswith("files/")
            }
    return {}
