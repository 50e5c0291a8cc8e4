"""The same messages in English, with the same fields in the same order."""

TEXTS = {
    "kind production": "Production",
    "kind staging": "Staging",
    "kind development": "Development",
    "record production": "production",
    "record staging": "staging",
    "record development": "development",
    "in kind production": "production",
    "in kind staging": "staging",
    "in kind development": "development",
    "join": "; ",
    "no changes": "no new commits",
    "and more": "{count} in all",
    "product": "Product: {title}",
    "released.title": "✅ {environment} has been updated",
    "released.body": "Version: {version}\nContents: {changes}\nReleased at: {at}\n"
    "Verification: verified, running normally",
    "rolled_back.title": "⚠️ Emergency rollback",
    "rolled_back.body": "\n{environment} has been rolled back to the last stable version\n"
    "Reason: {reason}\n"
    "Rolled back at: {at}\nCurrent state: the system works normally again\n"
    "Next: the technical team corrects the problem and releases again",
    "adopted.title": "🤝 {environment} has been taken over",
    "adopted.body": "Version: {version}\nTaken over at: {at}\n"
    "Current state: what ran goes on running, the database was not restarted\n"
    "Next: releases go by Tidegate from now on",
    "base_changed.title": "🔧 {environment}: base services were changed",
    "base_changed.body": "Version: {version}, as before\nChanged: {services}\nReason: {reason}\n"
    "Interruption: {seconds} s\nCurrent state: checked, running normally",
    "restored.title": "⚠️ {environment}: the data of a backup were put back",
    "restored.body": "Version: {version}\nReason: {reason}\nRestored at: {at}\n"
    "Current state: the system works normally again; what was written after "
    "the backup is kept in a backup of its own\nNext: enter again what is missing",
    "staging_ready.title": "{title} {version} is on {place}: please try it and accept or reject it",
    "staging_ready.body": "Version: {version}\nTry it at: {url}\nDecide at: {run}\n"
    "Decide before: {before}",
    "asks.title": "{title} {version} waits for your decision",
    "asks.body": "Version: {version}\nDecide at: {run}\nDecide before: {before}",
    "what release": "the release",
    "what rollback": "the rollback",
    "what restore": "putting data back",
    "what adoption": "taking over",
    "what base": "changing base services",
    "failed.title": "❌ {environment}: {what} failed",
    "failed.body": "Version: {version}\nReason: {reason}\nCurrent state: {serving}\n"
    "Next: the technical team corrects it, then {what} can be started again",
    "serving yes": "the old version keeps serving",
    "serving no": "nothing serves there yet",
    "rejected.title": "🚫 {environment}: {what} was rejected",
    "rejected.body": "Version: {version}\nRejected by: {name}\nReason: {reason}\n"
    "Current state: {environment} has not been touched\n"
    "Next: the technical team corrects it, then {what} can be started again",
    "refused.title": "🚫 {environment}: {what} was not begun",
    "refused.body": "Version: {version}\nAsked for by: {name}\nReason: {reason}\n"
    "Current state: {environment} has not been touched\n"
    "Next: correct it, then {what} can be started again",
    "needs_person.title": "🆘 {environment} needs a person",
    "needs_person.body": "Version: {version}\nReason: {reason}\n"
    "Current state: nothing is done automatically until a person decides\n"
    "Next: look at the run at once",
    "degraded.title": "📉 {environment} became worse",
    "degraded.body": "Version: {version}\nReason: {reason}\n"
    "Current state: this version keeps serving\n"
    "Next: look at it; a rollback is one command",
    "approval_expired.title": "⌛ Nobody decided about {title} {version} in time",
    "approval_expired.body": "Version: {version}\n"
    "Current state: {environment} has not been touched\n"
    "Next: start the release again if it is still wanted",
    "audit_differs.title": "🆘 The ledger is not as it was written",
    "audit_differs.body": "{findings}\nCurrent state: what is deployed goes on serving; "
    "the records of it were changed from outside\nNext: run `tidegate audit verify`, "
    "which shows both values, and find out who has access",
    "audit.whole": "✅ The ledger is as it was written",
    "audit.figures": "{entries} entries of the audit trail and {rows} rows were compared, "
    "and {anchors} hashes kept outside",
    "audit.newest": "Newest hash",
    "record": "## Release record - {date}\n\n**Version**: {version}  \n"
    "**Environment**: {environment}  \n"
    "**Released by**: {released_by}  \n**Released at**: {at}\n\n**Contents**:\n"
    "{changes}\n\n**Acceptance**:\n"
    "- [{accepted}] {acceptance}\n- [x] Deployed to {place}\n- [x] Verified in use\n\n"
    "**Customer feedback**:\n- None so far\n\n**Remarks**:\n{remarks}\n",
    "acceptance": "Accepted",
    "acceptance on": "Accepted on {staged}",
    "record product": "Product: {title}",
    "record approver": "Accepted by: {approver}",
    "record privilege": "Access to the host: {privilege}",
    "record gap": "{service} never runs twice: it did not run for {seconds} s, "
    "between the old one and the new one",
    "record outage": "Nobody was served for {seconds} s while it was replaced",
    "configuration lost": "Configuration: the one it was planned with is gone, so the stack's "
    "folder as it is now was used",
    "absent.server": "The Prefect server does not answer: nothing is released, "
    "rolled back or recovered, and nobody looks at production. `tidegate run` starts it",
    "absent.pool": "The work pool is paused: nothing is released, rolled back or recovered, "
    "and nobody looks at production. Set it going in the Prefect UI under Work Pools",
    "absent.worker": "No worker is heard (last: {since}): nothing is released, "
    "rolled back or recovered, and nobody looks at production. `tidegate run` starts it",
    "absent.schedule": "{name} is paused or has no schedule: {what}. "
    "Set it going in the Prefect UI under Deployments",
    "absent recover/all": "nothing recovers what a crash interrupts",
    "absent watch/all": "nobody looks at production",
    "never": "never",
    "same person": "Asked for and approved by the same person: {name}",
    "record source": "Made from the results of the run",
}
