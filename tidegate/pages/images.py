"""The part of a plan that says what becomes of each image, and what old and new say of
themselves."""

from __future__ import annotations

from tidegate.pages.words import Words
from tidegate.plan.changes import Plan
from tidegate.plan.image_changes import ImageChange, changed, digest_of
from tidegate.secrecy.outside_text import code
from tidegate.versions import short_id


def images_part(plan: Plan, words: Words) -> str:
    """One line for each service, then whether only some of the images change."""
    lines = [line for one in plan.images for line in _lines(one, words)]
    if plan.running and 0 < len(changed(plan.images)) < len(plan.images):
        lines.append(f"\n{words['images_whole_slot']}")
    return "\n".join(lines)


def _lines(one: ImageChange, words: Words) -> list[str]:
    new = _short(one.new)
    moved = (
        words["image_stays"].format(new=new)
        if one.is_same
        else f"{_short(one.old)} → {new}"
        if one.old
        else new
    )
    head = f"- **{one.service}:** {moved} ({words[f'image_origin {one.origin}']})"
    if one.is_same or one.origin == "built":  # the commits say what was done
        return [head]
    return [
        head,
        *(
            f"  - {words[f'image_says {name}']}: {_said(old)} → {_said(new)}"
            if one.old
            else f"  - {words[f'image_says {name}']}: {_said(new)}"
            for name, (old, new) in one.differs.items()
        ),
    ]


def _short(pin: str) -> str:
    """With the repository, where it is known."""
    repository = pin.partition("@")[0] if "@" in pin else ""
    return code(f"{repository}@{short_id(digest_of(pin))}" if repository else short_id(pin))


def _said(text: str) -> str:
    return code(text) if text else "–"
