"""The statistics of paired measurements, on made-up noise."""

import numpy as np
import pytest

from benchmarks.ab.statistics import FLOOR, MAX_PAIRS, MIN_PAIRS, change_of


@pytest.mark.parametrize("noise", [0.01, 0.03])
def test_no_change_gives_no_alarm(noise):
    """Pairs as on a shared machine: a heavy tail, and the smallest number that is ever judged."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        assert not change_of(noise * rng.standard_t(3, MIN_PAIRS), loops=100).slower


def test_a_slowdown_of_five_percent_is_found():
    rng = np.random.default_rng(2)
    found = [change_of(np.log(1.05) + 0.015 * rng.standard_normal(MAX_PAIRS), loops=100).slower for _ in range(100)]
    assert np.mean(found) > 0.98


def test_a_change_below_the_floor_is_not_slower_however_certain():
    comparison = change_of(np.full(MIN_PAIRS, np.log(1 + FLOOR / 2)), loops=1)
    assert not comparison.slower
    assert comparison.decided
    assert comparison.low > 0


def test_a_few_pairs_decide_nothing():
    assert not change_of(np.full(MIN_PAIRS - 1, 1.0), loops=1).decided
