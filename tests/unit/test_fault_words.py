"""Each kind of error has a sentence in Chinese, which stands before the error's own text."""

from __future__ import annotations

import pytest

from tidegate import errors
from tidegate.errors import TidegateError
from tidegate.fault_words import CANCELLED, ZH, told

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TidegateError)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_error_has_a_sentence_of_its_own(kind: type[TidegateError]) -> None:
    assert list(ZH.values()).count(ZH[kind.__name__]) == 1
    error = kind("doing", "it came back", "Do this")
    assert told(error, "zh") == f"{ZH[kind.__name__]}。doing: it came back. Do this"
    assert told(error, "en") == "doing: it came back. Do this"


def test_no_sentence_is_left_over() -> None:
    assert set(ZH) == {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("language", CANCELLED)
def test_a_signal_is_told_as_a_cancellation(language: str) -> None:
    assert told(KeyboardInterrupt(), language) == CANCELLED[language]
