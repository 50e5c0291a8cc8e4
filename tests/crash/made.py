"""What was really made while a test killed and recovered: counted in the engine's own events, in
the backups' folder and at the webhook where the messages arrive. Keys and rows of the ledger say
what was meant."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from blocks.docker.host import KEY_LABEL, DockerHost
from tests.e2e.notices import channel_of
from tests.installation import Installation
from tidegate.ledger.tables import Deployment

ARRIVES_SECONDS = 10
PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"


@dataclass
class Made:
    """Everything since the session began; a deployment's keys and slot are its own."""

    stack: str
    texts: list[str]
    """Messages, as they came."""
    is_whole: bool = True
    """False once the engine's events broke off."""
    created: list[dict[str, str]] = field(default_factory=list)
    """Labels of each container that was created."""
    ended_well: list[dict[str, str]] = field(default_factory=list)
    """Labels of each container whose process ended with 0."""

    def note(self, event: dict[str, Any]) -> None:
        attributes = event["Actor"]["Attributes"]
        if event["Action"] == "create":
            self.created.append(attributes)
        elif attributes.get("exitCode") == "0":
            self.ended_well.append(attributes)

    def containers_of(self, slot: str) -> Counter[str]:
        """Per service, how often a container was created for it."""
        return Counter(one[SERVICE] for one in self.created if one.get(PROJECT) == slot)

    def jobs_of(self, prefix: str) -> Counter[str]:
        """Per key, how often a one-off job came to its good end."""
        return Counter(
            one[KEY_LABEL] for one in self.ended_well if one.get(KEY_LABEL, "").startswith(prefix)
        )

    def copies_of(self, prefix: str) -> Counter[str]:
        """Per key, how often a scratch server was made, in which a dump is proved."""
        return Counter(
            one[KEY_LABEL] for one in self.created if one.get(KEY_LABEL, "").startswith(prefix)
        )


@contextmanager
def everything_made(stack: str, texts: list[str]) -> Iterator[Made]:
    """`texts` are the messages of the stack."""
    made = Made(stack, texts)
    events = DockerHost().client.events(
        decode=True, filters={"type": "container", "event": ["create", "die"]}
    )

    def listen() -> None:
        with contextlib.suppress(
            OSError, requests.RequestException
        ):  # the test of an engine that stops
            for event in events:
                made.note(event)
        made.is_whole = False  # an engine that ends in order ends them so, too

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        events.close()
        thread.join()


def assert_made_once(tidegate: Installation, made: Made, one: Deployment) -> None:
    """Each container, dump, migration and message of a deployment, at most once; of a good one,
    exactly once."""
    place = f"{one.environment}/{one.stack}/{one.number}"
    if one.kind == "release":
        slots = made.containers_of(one.slot)
        assert set(slots.values()) <= {1}, slots
        assert slots or not (one.was_good and made.is_whole)
    moved = made.jobs_of(f"{place}/migrate-") + made.jobs_of(f"{place}/downgrade-")
    assert all(
        count == 1 for key, count in moved.items() if key.endswith(("/upgrade", "/downgrade"))
    ), moved
    dumps = made.copies_of(f"{place}/backup/")
    assert set(dumps.values()) <= {1}, dumps
    folders = list(
        (tidegate.settings.home / "backups" / one.stack / one.environment).glob(f"*-{one.number}")
    )
    assert len(folders) <= 1, folders
    kinds = Counter(row.kind for row in tidegate.ledger.messages.of(one.id))
    assert set(kinds.values()) == {1}, f"#{one.number} is {one.state}, and people were told {kinds}"


def assert_told_once(tidegate: Installation, made: Made, stack: str) -> None:
    """What the ledger has noted as sent arrived, those messages too that belong to no deployment;
    and nothing arrived that was not tried: one may come twice whose run was killed between the
    sending and the note."""
    with closing(sqlite3.connect(tidegate.settings.home / "ledger.db")) as ledger:

        def noted() -> dict[str, int]:
            found = ledger.execute(
                "SELECT key, attempts FROM messages WHERE channel = ? AND sent_at IS NOT NULL",
                (channel_of(stack),),
            )
            return dict(found.fetchall())

        until(
            lambda: len(noted()) <= len(made.texts) <= sum(noted().values()),
            lambda: f"{noted()} were sent, and these arrived: {made.texts}",
        )


def until(true: Callable[[], bool], what: Callable[[], str]) -> None:
    end = time.monotonic() + ARRIVES_SECONDS
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.1)
