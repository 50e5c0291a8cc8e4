"""Each kind of error has a sentence in Chinese, which stands before the error's own text."""

from __future__ import annotations

import pytest

from tidegate import errors
from tidegate.errors import TidegateError
from tidegate.pages.fault_words import CANCELLED, ENDS_ZH, ZH, told, told_reason

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, TidegateError)
]


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


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("overtaken by #12 v1.4.0", "已被更新的发布取代"),
        ("its run is Crashed", "运行在有人决定之前已经结束"),
        (
            "its run was set going without an answer to its question",
            "没有填写表单，运行就被设为继续",
        ),
        ("recover/all has ended it: failed. its run was interrupted", "自动恢复结束了这次运行"),
        ("nobody decided before 2026-03-01 12:00 UTC", "超过期限仍无人决定"),
        (
            "5xx in 40 of 50. Not rolled back by itself: there is no good version to go back to",
            "没有自动回滚，请负责人决定",
        ),
        (
            "HighErrorRate. Not rolled back, as it is no regression: 50 requests",
            "没有自动回滚，因为现在不比发布前差",
        ),
    ],
)
def test_what_tidegate_says_in_the_ledger_has_a_sentence_in_chinese_before_it(
    reason: str, sentence: str
) -> None:
    assert told_reason(reason, "zh") == f"{sentence}。{reason}"
    assert told_reason(reason, "en") == reason
    assert sentence in ENDS_ZH.values()


def test_a_person_s_words_stay_as_they_are() -> None:
    assert told_reason("订单是空的", "zh") == "订单是空的"
    assert told_reason("it is overtaken by events", "zh") == "it is overtaken by events"
