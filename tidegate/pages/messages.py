"""Messages for people and the release record (R28, R29, R31), in the stack's language and time
zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from tidegate.facts import Message, MessageKind, Severity
from tidegate.pages.texts import TEXTS
from tidegate.policy.attendance import Attendance, absences
from tidegate.policy.people import is_same_person
from tidegate.secrecy.outside_text import markdown_text, one_line
from tidegate.stack.environments import Place

What = Literal["release", "rollback", "restore", "adoption", "base"]

MOST_CHANGES = 10
# R29: red is for a system that is down or may be, and for a person who must act now. Only what is
# loud can be that urgent.
_SEVERITY: dict[MessageKind, Severity] = {
    "released": "green",
    "adopted": "green",
    "staging_ready": "green",
    "approval_expired": "green",
    "rolled_back": "yellow",
    "restored": "yellow",
    "base_changed": "green",
    "failed": "yellow",
    "needs_person": "red",
    "rejected": "green",
    "refused": "yellow",
    "degraded": "yellow",
}


@dataclass(frozen=True)
class Speaker:
    """Speaks about one stack: `title` is the name that people use, `time_zone` such as
    `Asia/Tokyo`."""

    language: str
    title: str
    time_zone: str
    places: Mapping[str, Place]
    """Its environments by name."""

    def place(self, environment: str) -> Place:
        """One that is unknown is as urgent as any."""
        return self.places.get(environment, Place(environment))

    def released(
        self,
        version: str,
        environment: str,
        changes: Sequence[str],
        at: datetime,
        *,
        requested_by: str,
        approved_by: str | None,
    ) -> Message:
        """`approved_by` is None where nobody had to be asked."""
        message = self._message(
            "released",
            environment,
            version=version,
            changes=self._joined(changes),
            at=self._local(at),
        )
        if not is_same_person(requested_by, approved_by):
            return message
        same = TEXTS[self.language]["same person"].format(name=_one_line(requested_by))
        return replace(message, body=f"{message.body}\n{same}")

    def rolled_back(self, version: str, environment: str, reason: str, at: datetime) -> Message:
        """`version` is the one that serves again."""
        return self._message(
            "rolled_back",
            environment,
            version=version,
            reason=_one_line(reason),
            at=self._local(at),
        )

    def adopted(self, version: str, environment: str, at: datetime) -> Message:
        """`version` is what ran by hand, and goes on running."""
        return self._message("adopted", environment, version=version, at=self._local(at))

    def base_changed(self, version: str, environment: str, reason: str, **seen: str) -> Message:
        """`version` serves as before; `seen` are `services`, and `seconds` without them."""
        return self._message(
            "base_changed", environment, version=version, reason=_one_line(reason), **seen
        )

    def restored(self, version: str, environment: str, reason: str, at: datetime) -> Message:
        """`version` is the one that serves again, on the data of the backup."""
        return self._message(
            "restored", environment, version=version, reason=_one_line(reason), at=self._local(at)
        )

    def staging_ready(
        self, version: str, environment: str, *, url: str, run: str, before: datetime
    ) -> Message:
        """Asks for a decision, at the page `run`. `url` is where the environment it has come
        through can be tried; empty where it has come through none."""
        words = "staging_ready" if url else "asks"
        return self._message(
            "staging_ready",
            environment,
            words,
            version=version,
            url=url,
            run=run,
            before=f"{self._local(before)} ({self.time_zone})",
        )

    def failed(
        self, version: str, environment: str, reason: str, *, what: What, serves: bool
    ) -> Message:
        """`serves` says whether an older version goes on serving there."""
        texts = TEXTS[self.language]
        return self._message(
            "failed",
            environment,
            version=version,
            reason=_one_line(reason),
            what=texts[f"what {what}"],
            serving=texts["serving yes" if serves else "serving no"],
        )

    def rejected(
        self, version: str, environment: str, reason: str, *, what: What, by: str
    ) -> Message:
        return self._message(
            "rejected",
            environment,
            version=version,
            reason=_one_line(reason),
            name=_one_line(by),
            what=TEXTS[self.language][f"what {what}"],
        )

    def refused(
        self, version: str, environment: str, reason: str, *, what: What, requested_by: str
    ) -> Message:
        """It ended before anything of this environment was changed. `version` is what was asked
        for."""
        return self._message(
            "refused",
            environment,
            version=_one_line(version),
            reason=_one_line(reason),
            name=_one_line(requested_by) or "–",
            what=TEXTS[self.language][f"what {what}"],
        )

    def needs_person(self, version: str, environment: str, reason: str) -> Message:
        return self._message("needs_person", environment, version=version, reason=_one_line(reason))

    def degraded(self, version: str, environment: str, reason: str, severity: Severity) -> Message:
        """`severity` is that of the signal: it decides who is told."""
        message = self._message("degraded", environment, version=version, reason=_one_line(reason))
        return replace(message, severity=severity if self.place(environment).is_loud else "green")

    def approval_expired(self, version: str, environment: str) -> Message:
        return self._message("approval_expired", environment, version=version)

    def with_folder(self, message: Message) -> Message:
        """The same, with the remark that the folder stands for a configuration that is gone."""
        return replace(
            message, body=f"{message.body}\n{TEXTS[self.language]['configuration lost']}"
        )

    def with_absences(self, message: Message, seen: Attendance | None, now: datetime) -> Message:
        """The same, with a line for each thing that keeps runs from being started."""
        absent = absences(seen, now, language=self.language, time_zone=self.time_zone)
        return replace(
            message, body="\n".join([message.body, *(f"⚠️ {sentence}" for sentence in absent)])
        )

    def _message(
        self, kind: MessageKind, environment: str, words: str = "", *, version: str, **fields: str
    ) -> Message:
        """`words` where the kind has more than one wording."""
        texts, words, place = TEXTS[self.language], words or kind, self.place(environment)
        fields |= {
            "version": version,
            "title": self.title,
            "environment": place.heading(self.language),
            "place": place.inside(self.language),
        }
        body = texts[f"{words}.body"].format(**fields)
        product = texts["product"].format(title=f"{self.title} {version}")
        severity = _SEVERITY[kind] if place.is_loud else "green"
        return Message(
            kind, severity, texts[f"{words}.title"].format(**fields), f"{body}\n{product}"
        )

    def _joined(self, changes: Sequence[str]) -> str:
        texts = TEXTS[self.language]
        shown = [_one_line(change) for change in changes[:MOST_CHANGES]]
        if len(changes) > MOST_CHANGES:
            shown.append(texts["and more"].format(count=len(changes)))
        return texts["join"].join(shown) or texts["no changes"]

    def _local(self, at: datetime) -> str:
        return _local(at, self.time_zone)


def release_record(
    language: str,
    *,
    title: str,
    version: str,
    place: Place,
    staged: Place | None,
    released_by: str,
    released_at: datetime,
    time_zone: str,
    changes: Sequence[str],
    approved_by: str | None,
    privileges: Sequence[str] = (),
    gaps: Mapping[str, float] = {},
    outage_seconds: float | None = None,
) -> str:
    """The record of a release that has come to its good end, as markdown. Says accepted only when a
    person did (P110).

    `staged` is the environment that it came through; None where it came at once. `gaps` are the
    seconds in which a service that never runs twice did not run, and `outage_seconds` those in
    which nobody was served.
    """
    texts, at, shown = (
        TEXTS[language],
        _local(released_at, time_zone),
        [markdown_text(change) for change in changes],
    )
    approver = (
        [texts["record approver"].format(approver=markdown_text(approved_by))]
        if approved_by
        else []
    )
    reaching = [
        texts["record privilege"].format(privilege=markdown_text(one)) for one in privileges
    ]
    paused = [
        texts["record gap"].format(service=markdown_text(name), seconds=f"{gap:.1f}")
        for name, gap in gaps.items()
    ]
    out = [texts["record outage"].format(seconds=f"{outage_seconds:.1f}")] if outage_seconds else []
    is_same = is_same_person(released_by, approved_by)
    same = [texts["same person"].format(name=markdown_text(released_by))] if is_same else []
    remarks = [
        texts["record product"].format(title=markdown_text(title)),
        *approver,
        *same,
        *reaching,
        *paused,
        *out,
        texts["record source"],
    ]
    return texts["record"].format(
        date=at[:10],
        at=at,
        version=version,
        environment=place.heading(language),
        place=place.in_record(language),
        acceptance=_acceptance(language, staged),
        released_by=markdown_text(released_by),
        changes=_listed(shown or [texts["no changes"]]),
        accepted="x" if approved_by else " ",
        remarks=_listed(remarks),
    )


def _acceptance(language: str, staged: Place | None) -> str:
    texts = TEXTS[language]
    return (
        texts["acceptance on"].format(staged=staged.in_record(language))
        if staged
        else texts["acceptance"]
    )


def _listed(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _one_line(text: str) -> str:
    """A line break in a reason would look like the next field."""
    return one_line(text)


def _local(at: datetime, time_zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M}"
