"""What a person asks of a stack from a shell: which versions there are, and what its containers
print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.frame import adapters
from tasks.frame.environments import open_serving
from tidegate.errors import InputError
from tidegate.facts import PROJECT_LABEL, ContainerFacts
from tidegate.ledger.adoptions import adopted
from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import Hold
from tidegate.log_line import LogLine
from tidegate.ports import ContainerHost
from tidegate.settings import Settings
from tidegate.stack.catalogue import find_stack
from tidegate.stack.names import slot_number
from tidegate.versions import is_held


@dataclass(frozen=True)
class Releasable:
    """`serves` are environments with the number of the deployment; `held` is why it must not be
    deployed; `untagged` are further repositories that have no commit of it."""

    version: str
    commit: str
    """The `id` of the version."""
    at: datetime
    subject: str
    serves: tuple[str, ...]
    held: str | None
    untagged: tuple[str, ...] = ()


def releasable(settings: Settings, wanted: str, most: int) -> list[Releasable]:
    """Newest first: at most `most`, and beside them whatever serves. Raises StackFileError,
    VersionError."""
    stack, ledger = find_stack(settings.stacks, wanted), Ledger(settings.database_url)
    holds = ledger.holds.active(stack.name)
    now = [
        one for name in stack.environments if (one := ledger.deployments.current(stack.name, name))
    ]
    serving: dict[str, list[str]] = {}
    for one in now:
        serving.setdefault(one.release.commit, []).append(f"{one.environment} #{one.number}")
    further = stack.source.further if stack.source else {}
    listed = [
        Releasable(
            one.name,
            one.id,
            one.commit.at,
            one.commit.subject,
            tuple(serving.get(one.id, ())),
            _why_held(one.id, holds),
            tuple(sorted(further.keys() - one.further.keys())),
        )
        for one in adapters.newest_versions(stack, settings.home, most)
        if one.commit
    ]
    known = {one.commit for one in listed}
    older = {one.release.commit: one for one in now if one.release.commit not in known}
    return [
        *listed,
        *(
            Releasable(
                one.version,
                commit,
                one.release.created_at,
                "",
                tuple(serving[commit]),
                _why_held(commit, holds),
            )
            for commit, one in older.items()
        ),
    ]


def _why_held(version_id: str, holds: Sequence[Hold]) -> str | None:
    return next((one.reason for one in holds if is_held(version_id, [one.commit])), None)


def printed(
    settings: Settings,
    stack: str,
    environment: str,
    *,
    service: str | None,
    lines: int,
    follow: bool,
) -> Iterator[LogLine]:
    """The log of the slot that serves, and of the base services where one is asked for by its name.
    Raises InputError."""
    env = open_serving(stack, environment, settings)  # its secrets are masked from now on
    doing = f"reading the log of {env.stack.name} {environment}"
    serving = env.ledger.deployments.current(env.stack.name, environment)
    if serving is None:
        raise InputError(
            doing, "nothing serves there yet", "`tidegate release` puts a version there"
        )
    number = slot_number(serving.slot)
    slot = {
        one.service.removesuffix(f"-{number}"): one for one in _containers(env.host, serving.slot)
    }
    base = {one.service: one for one in _containers(env.host, env.base_project)}
    taken_over = {
        one["id"] for one in adopted(env.ledger, env.stack.name, environment, serving.slot)
    }
    slot = slot or {name: one for name, one in base.items() if one.id in taken_over}
    found = (
        slot
        if service is None
        else {name: one for name, one in {**base, **slot}.items() if name == service}
    )
    if not found:
        known = ", ".join([*slot, *base]) or "none"
        raise InputError(
            doing,
            f"it has no container of {service or 'a released service'}",
            f"There are: {known}",
        )
    return adapters.printed_by(
        env.config.host, {one.name: name for name, one in found.items()}, lines, follow=follow
    )


def _containers(host: ContainerHost, project: str) -> list[ContainerFacts]:
    return host.containers({PROJECT_LABEL: project})
