"""The statistics of paired measurements, on noise that is made up."""

import numpy as np
import pytest

from benchmarks.ab.statistics import FLOOR, MAX_PAIRS, MIN_PAIRS, change_of


@pytest.mark.parametrize("noise", [0.01, 0.03])
def test_no_alarm_where_nothing_changed(noise):
    """Pairs as a shared machine gives them: a heavy tail, and as few as are ever judged."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        assert not change_of(noise * rng.standard_t(3, MIN_PAIRS), loops=100).slower


def test_a_slowdown_of_five_percent_is_found():
    rng = np.random.default_rng(2)
    found = [change_of(np.log(1.05) + 0.015 * rng.standard_normal(MAX_PAIRS), loops=100).slower for _ in range(100)]
    assert np.mean(found) > 0.98


def test_a_change_below_the_floor_is_none_however_sure():
    comparison = change_of(np.full(MIN_PAIRS, np.log(1 + FLOOR / 2)), loops=1)
    assert not comparison.slower
    assert comparison.decided
    assert comparison.low > 0


def test_a_few_pairs_decide_nothing():
    assert not change_of(np.full(MIN_PAIRS - 1, 1.0), loops=1).decided
