"""What a good release leaves: its alias moved, its record published."""

from __future__ import annotations

from tasks.frame.messages import approver_of
from tasks.frame.pages import publish
from tasks.frame.planned import planned
from tasks.frame.step import Evidence, step
from tasks.frame.work import Work
from tasks.slots.alone import gaps_of
from tasks.slots.in_place import outage_of
from tidegate.ledger.anchors import AnchorFile
from tidegate.pages.messages import release_record


@step("move-alias", timeout_seconds=60)
def move_alias(work: Work) -> Evidence:
    """Point `latest` and its like at the images that are good now: an output for people, never an
    input.

    Only at those that are built here: the names of others belong to whoever made them. Of what was
    taken over, a job without a container has no image.

    Needs: a good deployment. Leaves: moved tags. Again: the same tags. Undo: the next good release
    moves them.
    """
    alias = work.env.config.image_alias
    built = (one for one in work.env.stack.services if one.is_built)
    for service in (one for one in built if one.name in work.pins):
        work.env.images.tag(work.pins[service.name], f"{service.image}:{alias}")
    return {"alias": alias}


@step("publish-record", timeout_seconds=60)
def publish_record(work: Work) -> Evidence:
    """Leave the release record (R31) as an artifact, made from results only.

    Needs: a good deployment. Leaves: an artifact and a row. Again: not published twice. Undo:
    nothing to undo.
    """
    env, deployment = work.env, work.deployment
    before = env.stack.before(env.name)
    record = release_record(
        env.stack.language,
        title=env.stack.title,
        version=work.version.name,
        place=env.stack.place(env.name),
        staged=env.stack.place(before) if before else None,
        released_by=deployment.requested_by,
        released_at=deployment.switched_at or deployment.created_at,
        time_zone=env.stack.time_zone,
        changes=planned(work).changes,
        approved_by=approver_of(work),
        privileges=planned(work).privileges,
        gaps=gaps_of(work),
        outage_seconds=outage_of(work),
    )
    publish(work, "record", record)
    newest = env.ledger.audit.newest()
    # outside of the ledger: a trail that is rewritten later shows
    AnchorFile(env.settings.home).append(newest)
    return {"record": record, "audit_trail": str(newest)}
