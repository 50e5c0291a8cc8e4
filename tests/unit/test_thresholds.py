"""Only what became worse than before the release counts, and no data is not bad data."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.policy.thresholds import LiveFigures, judge, quantile
from tidegate.stack.showing import Watch

WATCH = Watch(error_ratio=0.05, p95_seconds=2.0, least_requests=20)
GOOD = LiveFigures(requests=100, errors=0, p95_seconds=0.1)


def test_good_figures_are_ok() -> None:
    assert judge(GOOD, GOOD, WATCH).outcome == "ok"


def test_too_few_requests_are_no_data_even_when_all_of_them_failed() -> None:
    verdict = judge(LiveFigures(19, 19, 9.0), GOOD, WATCH)
    assert verdict.outcome == "no_data"
    assert verdict.reasons == ("19 requests, 20 are needed to judge",)


def test_no_request_at_all_is_no_data() -> None:
    assert judge(LiveFigures(0, 0, None), GOOD, WATCH).outcome == "no_data"


def test_an_error_ratio_at_the_limit_is_ok_and_above_it_is_worse() -> None:
    assert judge(LiveFigures(100, 5, 0.1), GOOD, WATCH).outcome == "ok"
    verdict = judge(LiveFigures(100, 6, 0.1), GOOD, WATCH)
    assert verdict.outcome == "worse"
    assert verdict.reasons == ("6.0% of the answers are 5xx (limit 5.0%, before the release 0.0%)",)


def test_many_requests_with_few_errors_are_ok_because_a_ratio_is_no_rate() -> None:
    assert judge(LiveFigures(10_000, 400, 0.1), GOOD, WATCH).outcome == "ok"


def test_slow_answers_are_worse() -> None:
    verdict = judge(LiveFigures(100, 0, 3.0), GOOD, WATCH)
    assert verdict.reasons == ("p95 is 3.00 s (limit 2.00 s, before the release 0.10 s)",)


def test_both_faults_are_named() -> None:
    assert len(judge(LiveFigures(100, 50, 3.0), GOOD, WATCH).reasons) == 2


def test_what_was_as_bad_before_the_release_is_no_regression() -> None:
    broken_dependency = LiveFigures(100, 40, 4.0)
    assert judge(LiveFigures(100, 45, 4.4), broken_dependency, WATCH).outcome == "ok"


def test_what_was_bad_before_and_became_much_worse_is_a_regression() -> None:
    assert judge(LiveFigures(100, 80, 4.0), LiveFigures(100, 40, 4.0), WATCH).outcome == "worse"


@pytest.mark.parametrize(
    "baseline", [None, LiveFigures(19, 19, 9.0)], ids=["none", "too few requests"]
)
def test_without_a_usable_baseline_the_limits_stand_alone(baseline: LiveFigures | None) -> None:
    verdict = judge(LiveFigures(100, 50, 0.1), baseline, WATCH)
    assert verdict.reasons == (
        "50.0% of the answers are 5xx (limit 5.0%, before the release unknown)",
    )


def test_a_quantile_is_linear_inside_its_bucket() -> None:
    assert quantile(0.95, {0.1: 90.0, 1.0: 100.0, math.inf: 100.0}) == pytest.approx(0.55)
    assert quantile(0.5, {0.1: 100.0, math.inf: 100.0}) == pytest.approx(0.05)


def test_a_quantile_beyond_the_last_bound_is_that_bound() -> None:
    assert quantile(0.95, {0.1: 10.0, 1.0: 20.0, math.inf: 100.0}) == 1.0


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert quantile(0.95, {}) is None
    assert quantile(0.95, {0.1: 0.0, math.inf: 0.0}) is None


@given(st.lists(st.floats(0.001, 9.9), min_size=1, max_size=200))
def test_a_quantile_lies_in_the_bucket_of_the_true_value(samples: list[float]) -> None:
    bounds = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, math.inf]
    estimate = quantile(0.95, {bound: float(sum(s <= bound for s in samples)) for bound in bounds})
    true = sorted(samples)[math.ceil(0.95 * len(samples)) - 1]
    upper = next(bound for bound in bounds if true <= bound)
    lower = max((bound for bound in bounds if bound < upper), default=0.0)
    assert estimate is not None
    assert lower - 1e-9 <= estimate <= upper + 1e-9
