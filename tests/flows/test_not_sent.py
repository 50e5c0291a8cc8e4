"""A message that cannot be sent never fails a release, and is shown as not sent."""

from __future__ import annotations

import pytest

from flows.release import release
from tests.flows.asking import asked
from tests.flows.conftest import Library
from tests.flows.installation import Installation
from tests.flows.stories import Story, settle
from tests.world.people import MemoryNotifier
from tidegate.errors import TidegateError
from tidegate.facts import Message
from tidegate.ledger.tables import Delivery

PASSWORD = "a-long-password-of-no-meaning"


@pytest.fixture
def made(library: Library) -> Installation:
    return library.begin(Story("a release that is told", release, {}))


def tells(monkeypatch: pytest.MonkeyPatch, *errors: Exception | None) -> list[Message]:
    """What the messenger does, one time after the other; the last one for ever. Returns what it was
    given."""
    left, given = [*errors], list[Message]()

    def send(notifier: MemoryNotifier, message: Message) -> None:
        given.append(message)
        if error := left.pop(0) if len(left) > 1 else left[0]:
            raise error

    monkeypatch.setattr(MemoryNotifier, "send", send)
    return given


def released(made: Installation) -> list[Delivery]:
    """What the ledger says of the messages of a release, which is good whatever they came to."""
    state = made.prefect.start(release, **asked("v1.0.1")).state
    assert state.is_completed(), state.message
    now = made.ledger.deployments.current("shop", "prod")
    assert now is not None
    assert now.version == "v1.0.1"
    return made.ledger.messages.of(now.id)


def refused(*, retryable: bool) -> TidegateError:
    return TidegateError("telling", f"no such {PASSWORD}", "Correct it", retryable=retryable)


@pytest.mark.parametrize("error", [refused(retryable=False), KeyError(PASSWORD)])
def test_what_a_messenger_refuses_is_not_tried_again_and_shown_without_secrets(
    made: Installation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    given = tells(monkeypatch, error)
    [told] = released(made)
    assert (told.kind, told.channel, told.sent_at) == ("released", "team", None)
    assert told.error
    assert PASSWORD not in told.error
    assert len(given) == 1


def test_what_may_pass_is_tried_twice_more(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tells(monkeypatch, refused(retryable=True))
    [told] = released(made)
    assert told.sent_at is None
    assert len(given) == 3
    assert settle(made) == []


def test_what_arrives_at_the_second_try_is_sent_once(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tells(monkeypatch, refused(retryable=True), None)
    [told] = released(made)
    assert told.sent_at is not None
    assert len(given) == 2
