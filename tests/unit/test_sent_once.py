"""A message goes to one address once, after two pauses at most; what fails stands in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from prefect.logging import disable_run_logger

from tasks.frame import messages
from tasks.frame.messages import send_once
from tidegate.errors import EngineError
from tidegate.facts import Message
from tidegate.ledger import Ledger

NEWS = Message("released", "green", "v1 serves", "hunter2-hunter2 is the password")


def refused(*, retryable: bool) -> EngineError:
    return EngineError("sending", "hunter2-hunter2 is wrong", "Correct it", retryable=retryable)


class Address:
    """It answers with these errors, one after the other; None is no error."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers, self.sent = [*answers], list[Message]()

    def send(self, message: Message) -> None:
        self.sent.append(message)
        if self.answers and (error := self.answers.pop(0)):
            raise error


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    slept = list[float]()
    monkeypatch.setattr(messages, "time", SimpleNamespace(sleep=slept.append))
    with disable_run_logger():
        yield slept


def send(ledger: Ledger, to: Address) -> tuple[bool, str | None]:
    """Whether it was sent, and what stands in the ledger as the reason why not."""
    send_once(
        ledger.messages,
        to,
        NEWS,
        key="prod/shop/1/tell",
        channel="team",
        redact=lambda text: text.replace("hunter2-hunter2", "***"),
    )
    told = ledger.messages.begin(key="prod/shop/1/tell", kind=NEWS.kind, channel="team")
    return told.sent_at is not None, told.error


def test_what_was_sent_is_not_sent_again(ledger: Ledger, slept: list[float]) -> None:
    team = Address()
    for _ in range(2):
        assert send(ledger, team) == (True, None)
    assert (team.sent, slept) == ([NEWS], [])


@pytest.mark.parametrize(
    ("failures", "pauses", "is_sent"), [(1, [1], True), (2, [1, 3], True), (3, [1, 3], False)]
)
def test_what_may_pass_is_tried_after_one_second_and_after_three(
    ledger: Ledger, slept: list[float], failures: int, pauses: list[float], is_sent: bool
) -> None:
    team = Address(*[refused(retryable=True)] * failures)
    assert send(ledger, team)[0] is is_sent
    assert slept == pauses


@pytest.mark.parametrize("error", [refused(retryable=False), KeyError("hunter2-hunter2")])
def test_what_is_refused_is_not_tried_again_and_no_secret_is_told(
    ledger: Ledger, slept: list[float], error: Exception
) -> None:
    team = Address(error)
    is_sent, why = send(ledger, team)
    assert (is_sent, len(team.sent), slept) == (False, 1, [])
    assert why is not None
    assert "***" in why
    assert "hunter2" not in why
