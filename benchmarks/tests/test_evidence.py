"""The interval that decides, on made-up noise with fixed seeds: false alarms, coverage, power, a disturbed pair."""

import math

import numpy as np
import pytest
from scipy.stats import trim_mean

from benchmarks.ab import evidence
from benchmarks.ab.evidence import (
    CEILING,
    FALSE_ALARMS,
    FLOOR,
    MAX_PAIRS,
    MISSED,
    SITTING,
    TRIMMED,
    change_of,
    log_capital,
    lower_bound,
    sittings,
)

LOOPS = 156


def normal(rng, shape):
    return 0.01 * rng.standard_normal(shape)


def heavy(rng, shape):
    """A tail as on a shared machine."""
    return 0.01 * rng.standard_t(3, shape)


def disturbed(rng, shape):
    """One pair in ten is wrong by tens of percent, to either side."""
    return normal(rng, shape) + (rng.random(shape) < 0.1) * rng.normal(0, 0.2, shape)


def changing(rng, shape):
    """The scatter changes from sitting to sitting, and follows the size of the pair before."""
    by_sitting = rng.uniform(0.002, 0.02, (*shape[:-1], -(-shape[-1] // SITTING))).repeat(SITTING, -1)
    size = np.abs(rng.standard_normal(shape))
    size[..., 1:] += size[..., :-1]
    return by_sitting[..., : shape[-1]] * size * rng.choice([-1, 1], shape)


NOISES = (normal, heavy, disturbed, changing)


def decided(x, *, loops=LOOPS):
    """The word, and after how many pairs, of someone who looks after every pair."""
    for n in range(SITTING, len(x) + 1):
        change = change_of(sittings(x[:n]), loops=loops)
        if change.word != "undecided":
            break
    return change.word, n


def all_decided(x, *, loops=LOOPS):
    """The same for many rows at once, without the intervals.  x (rows, n) -> the words, the pairs."""
    floor, ceiling = math.log1p(FLOOR), math.log1p(CEILING)
    above = np.maximum.accumulate(log_capital(x, floor) >= math.log(loops / FALSE_ALARMS), axis=1)
    below = np.maximum.accumulate(log_capital(-x, -ceiling) >= -math.log(MISSED), axis=1)
    centres = trim_mean(x.reshape(len(x), -1, SITTING), TRIMMED, axis=2)
    agreeing = (centres > floor).cumsum(1).repeat(SITTING, 1)[:, : 1 - SITTING]
    agreeing = np.concatenate([np.zeros((len(x), SITTING - 1)), agreeing], axis=1)
    pairs = 1 + np.arange(x.shape[1])
    centre = np.stack([trim_mean(x[:, :n], TRIMMED, axis=1) for n in pairs], axis=1)
    slower = above & (centre > floor) & (agreeing >= np.maximum(2, pairs / SITTING / 2))
    not_slower = below & ~slower
    not_slower[:, : SITTING - 1] = False
    first = np.where((slower | not_slower).any(1), (slower | not_slower).argmax(1), x.shape[1] - 1)
    rows = np.arange(len(x))
    words = np.where(slower[rows, first], "slower", np.where(not_slower[rows, first], "not slower", "undecided"))
    return words, first + 1


def share_of(word, noise, change, rows=1000, *, loops=LOOPS):
    rng = np.random.default_rng([7, round(1000 * change)])
    words, _ = all_decided(math.log1p(change) + noise(rng, (rows, MAX_PAIRS)), loops=loops)
    return np.mean(words == word)


@pytest.mark.parametrize("change", [0.0, 0.03, 0.035, 0.05])
def test_many_rows_are_decided_as_one_is(change):
    x = math.log1p(change) + heavy(np.random.default_rng(8), (4, 4 * SITTING))
    words, pairs = all_decided(x)
    assert [("not slower" if word == "faster" else word, n) for word, n in map(decided, x)] == list(zip(words, pairs))


@pytest.mark.parametrize("noise", NOISES)
def test_the_gambler_seldom_wins_where_there_is_nothing_to_win(noise):
    """Exactly at the floor, and looking after every pair: the capital reaches 1 / level with at most that chance."""
    rng = np.random.default_rng(1)
    highest = log_capital(noise(rng, (4000, MAX_PAIRS)), 0.0).max(1)
    for level in (0.2, 0.05, 0.01):
        assert np.mean(highest >= -math.log(level)) <= level + 3 * math.sqrt(level / len(highest))


@pytest.mark.parametrize("noise", NOISES)
def test_the_interval_covers_the_truth_however_often_one_looks(noise):
    rng, truth = np.random.default_rng(2), 0.02
    below = [lower_bound(x, 0.1) < truth for x in truth + noise(rng, (200, MAX_PAIRS))]
    assert np.mean(below) >= 0.9 - 3 * math.sqrt(0.1 * 0.9 / 200)


@pytest.mark.parametrize("noise", NOISES)
def test_no_loop_that_is_the_same_is_called_slower(noise):
    assert share_of("slower", noise, 0.0) == 0


def test_a_change_on_the_floor_is_seldom_called_slower_over_all_loops():
    """The costly error, where it is most likely: one loop alone has the whole level."""
    assert share_of("slower", normal, FLOOR, loops=1) <= FALSE_ALARMS + 3 * math.sqrt(FALSE_ALARMS / 1000)


@pytest.mark.parametrize(("change", "least"), [(0.05, 0.99), (0.045, 0.95)])
@pytest.mark.parametrize("noise", [normal, heavy])
def test_a_slowdown_is_found(noise, change, least):
    assert share_of("slower", noise, change) >= least


def test_what_lies_between_floor_and_ceiling_is_decided_too():
    assert share_of("undecided", normal, 0.035) <= 0.01


def test_a_loop_that_is_the_same_takes_the_fewest_pairs():
    _, pairs = all_decided(normal(np.random.default_rng(3), (1000, MAX_PAIRS)))
    assert np.median(pairs) == SITTING


def test_one_disturbed_pair_decides_nothing():
    quiet = np.random.default_rng(4).normal(0, 0.003, 4 * SITTING)
    for place in (0, SITTING - 1, SITTING + 1):
        one = quiet.copy()
        one[place] = 3.0
        assert decided(one)[0] == "not slower"
        slower = quiet + 0.06
        slower[place] = -3.0
        assert decided(slower)[0] == "slower"


def test_one_sitting_alone_is_not_called_slower():
    """One sitting on the floor, and one that would suffice by its pairs."""
    lucky = [[0.0295] * SITTING, [0.2] * SITTING]
    change = change_of(lucky, loops=1)
    assert change.low > FLOOR
    assert change.word == "undecided"
    assert "1 of 2 sittings say slower, which is too few" in change.missing
    assert change_of([*lucky, [0.2] * SITTING], loops=1).word == "slower"


def test_what_some_sittings_said_is_not_said_for_ever():
    """The lower end, once proven, stays; but half of the sittings must agree, and the centre of all pairs."""
    leaning, same, faster = ([x] * SITTING for x in (0.2, 0.0, -0.4))
    assert change_of([leaning, leaning, same, same], loops=1).word == "slower"
    too_few = change_of([leaning, leaning, same, same, same], loops=1)
    assert too_few.low > FLOOR < too_few.change
    assert too_few.word != "slower"
    elsewhere = change_of([leaning, leaning, faster, faster], loops=1)
    assert elsewhere.low > FLOOR > elsewhere.change
    assert (elsewhere.agreeing, elsewhere.word, elsewhere.interval) == (2, "undecided", "contradictory")
    assert "the centre of all pairs does not" in elsewhere.missing


def test_where_both_hold_slower_wins():
    change = change_of([[math.log1p(0.035)] * SITTING] * 6, loops=1)
    assert FLOOR < change.low <= change.high < CEILING
    assert change.word == "slower"


def test_a_few_pairs_decide_nothing():
    assert change_of([[0.0] * (SITTING - 1)], loops=1).word == "undecided"
    assert change_of([[1.0] * (SITTING - 1)], loops=LOOPS).low == -1


def test_an_end_that_nothing_has_proven_is_left_out():
    assert change_of([[0.0] * 2], loops=LOOPS).interval == "-"
    assert change_of([[0.0] * SITTING], loops=LOOPS).interval.startswith("at most ")
    assert change_of([[0.0] * SITTING] * 6, loops=LOOPS).interval.count("%") == 2


def test_a_faster_loop_is_named():
    assert change_of([[-0.2] * SITTING], loops=LOOPS).word == "faster"


def test_an_undecided_loop_says_what_would_help():
    noisy = change_of(sittings(0.035 + 0.2 * np.random.default_rng(5).standard_normal(MAX_PAIRS)), loops=LOOPS)
    assert noisy.word == "undecided"
    assert 0.15 < noisy.scatter < 0.25
    assert f"scatter by {noisy.scatter:.1%} leave {noisy.interval}" in noisy.missing
    assert "it adds to these pairs" in noisy.missing


def test_no_pair_can_cost_or_gain_more_than_the_stake():
    worst, best = (np.exp(log_capital(np.array([x]), 0.0)[0]) for x in (-1e3, 1e3))
    assert worst >= 1 - max(evidence.STAKES)
    assert best <= 1 + max(evidence.STAKES)
