"""A flow that fails ends in a state whose message is its reason, in the stack's language. Prefect
itself is not asked."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from flows.plain import plainly
from tidegate.errors import SmokeError
from tidegate.pages.fault_words import ZH
from tidegate.secrecy.safe_logs import guard_logs

FAULT = SmokeError("asking shop #2", "home: status 500", "Correct the application")


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """The guard of the logs is this process's: as it was, afterwards."""
    made = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(made)


@plainly
def failing(stack: str, reason: str = "") -> None:
    """Fails."""
    raise FAULT


@pytest.mark.parametrize(
    ("stack", "message"),
    [("cloudlens", f"{ZH['SmokeError']}。{FAULT}"), ("no-such-stack", str(FAULT))],
)
@pytest.mark.parametrize("as_word", [True, False])
def test_the_reason_is_the_message_and_the_error_goes_with_it(
    stack: str, message: str, as_word: bool
) -> None:
    state: Any = failing(stack=stack) if as_word else failing(stack)
    assert state.is_failed()
    assert (state.message, state.data) == (message, FAULT)


def test_an_error_of_ours_stands_in_the_log_as_its_sentence_without_a_traceback() -> None:
    out = io.StringIO()
    logger, handler = logging.getLogger("a run"), logging.StreamHandler(out)
    logger.addHandler(handler)
    try:
        guard_logs()
        try:
            raise FAULT
        except SmokeError as error:
            logger.exception("Encountered exception during execution: %r", error)
    finally:
        logger.removeHandler(handler)
    assert out.getvalue() == f"{FAULT}\n"
