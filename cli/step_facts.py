"""A step's evidence in a few words that a person understands. The whole of it is in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Evidence = Mapping[str, Any]


def facts_of(step: str, evidence: Evidence) -> str:
    """Empty for a step that has nothing to tell, or whose evidence is missing because it did not
    end."""
    told = _TOLD.get(step) or next(
        (one for name, one in _TOLD.items() if step.startswith(f"{name}-")), None
    )
    return told(evidence) if told and evidence else ""


def _plan(evidence: Evidence) -> str:
    changes = len(evidence.get("changes", ()))
    return (
        f"{changes} commit{'s' * (changes != 1)}, schema: {evidence['kind']}, way back: "
        f"{evidence['way_back']}"
    )


def _back_up(evidence: Evidence) -> str:
    if not evidence["made"]:
        return str(evidence["why"])
    tables = len(evidence["tables"])
    return (
        f"{evidence['size'] / 1024:.1f} KiB, {tables} table{'s' * (tables != 1)}, "
        "restored and compared"
    )


def _smoke(evidence: Evidence) -> str:
    checks = evidence["checks"]
    passed, where = (
        sum(check["outcome"] == "pass" for check in checks),
        evidence["where"].removesuffix(", again"),
    )
    return f"{passed} of {len(checks)} checks passed, {where}"


def _shift(evidence: Evidence) -> str:
    old = f"#{evidence['from']} → " if evidence["from"] else ""
    out = evidence.get("outage_seconds")
    return f"{old}#{evidence['to']}, obeyed after {evidence['milliseconds']} ms" + (
        f"; nobody was served for {out} s" if out else ""
    )


def _rehearse_rollback(evidence: Evidence) -> str:
    return (
        f"back to #{evidence['to']} and forward again"
        if evidence["rehearsed"]
        else str(evidence["why"])
    )


def _baseline(evidence: Evidence) -> str:
    found = evidence["baseline"]
    return (
        f"{found['requests']} requests, {found['errors']} errors"
        if found
        else "nothing to compare with yet"
    )


def _alone(evidence: Evidence) -> str:
    gaps = evidence.get("gap_seconds", {})
    told = (
        f"{name}, which did not run for {gaps[name]} s" if name in gaps else name
        for name in evidence["alone"]
    )
    return ", ".join(told) or str(evidence.get("why", "nothing here must run alone"))


def _end_maintenance(evidence: Evidence) -> str:
    if evidence["serving"] is None:
        return str(evidence["why"])
    return (
        f"#{evidence['serving']} serves again; nobody was served for {evidence['outage_seconds']} s"
    )


def _either(key: str, otherwise: str) -> Callable[[Evidence], str]:
    """What the evidence says under `key`; where that is empty, why, or `otherwise`."""
    return lambda evidence: str(evidence.get(key) or evidence.get("why") or otherwise)


_TOLD: dict[str, Callable[[Evidence], str]] = {
    "plan": _plan,
    "back-up": _back_up,
    "smoke-slot": _smoke,
    "smoke-public": _smoke,
    "shift-traffic": _shift,
    "rehearse-rollback": _rehearse_rollback,
    "note-baseline": _baseline,
    "ensure-images": lambda evidence: ", ".join(
        f"{name} {pin[-64:][:12]}" for name, pin in evidence["pins"].items()
    ),
    "build-base-images": lambda evidence: ", ".join(evidence["images"]) or "they run",
    "start-base-services": lambda evidence: ", ".join(evidence["started"]) or "they run",
    "refuse-unseen-data": lambda evidence: "the data are as planned",
    "rehearse-migration": _either("rehearsed", "nothing to migrate"),
    "migrate-schema": _either("migrated", "nothing to migrate"),
    "downgrade-schema": _either("downgraded", "nothing to downgrade"),
    "note-found": lambda evidence: ", ".join(one["name"] for one in evidence["containers"]),
    "attach-containers": _either("network", ""),
    "detach-containers": _either("network", ""),
    "start-slot": _either("project", ""),
    "wait-until-healthy": lambda evidence: f"healthy after {evidence['seconds']} s",
    "hand-over-alone": _alone,
    "hand-back-alone": _alone,
    "offer-candidate": lambda evidence: "can be asked, serves nobody yet",
    "watch": lambda evidence: f"stayed good for {evidence['seconds']} s",
    "settle-route": lambda evidence: f"#{evidence['serving']} serves alone",
    "move-alias": lambda evidence: f"tag {evidence['alias']} points here",
    "stop-old-slot": _either("stopped", "there is none"),
    "stop-slot-left": _either("stopped", "there is none"),
    "keep-base": lambda evidence: ", ".join(evidence["containers"]),
    "recreate-base": lambda evidence: ", ".join(evidence["services"]),
    "wait-for-base": lambda evidence: f"healthy after {evidence['seconds']} s",
    "put-base-back": lambda evidence: ", ".join(evidence["services"]) or evidence["why"],
    "close-doors": lambda evidence: "nobody is served",
    "restore-beside": lambda evidence: (
        f"a copy from {evidence['backup']}: {evidence['tables']} tables, compared"
    ),
    "save-present": _either("backup", ""),
    "restore-data": lambda evidence: f"as in {evidence['backup']}",
    "open-doors": lambda evidence: f"#{evidence['serving']} serves again",
    "remove-slot": _either("removed", ""),
    "publish-record": lambda evidence: "release record published",
    "begin-maintenance": lambda evidence: "nobody is served until the switch",
    "end-maintenance": _end_maintenance,
    "shift-back": _either("why", "the old version serves"),
    "place-hold": _either("held", ""),
}
