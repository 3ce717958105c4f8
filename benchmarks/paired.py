"""Is B slower than A?  The statistics of paired windows, apart from how they are measured."""

from dataclasses import dataclass

import numpy as np

FLOOR = 0.03  # a change below 3 % is not worth a person's time, and layout alone makes as much
FALSE_ALARMS = 0.05  # in a whole comparison, over all its loops
RESAMPLES = 20_000


@dataclass(frozen=True)
class Comparison:
    """The relative change from A to B, and the interval that it lies in."""

    change: float  # 0.05: B takes 5 % longer
    low: float
    high: float

    @property
    def slower(self) -> bool:
        return self.low > FLOOR

    @property
    def faster(self) -> bool:
        return self.high < 1 / (1 + FLOOR) - 1


def compare(log_ratios: np.ndarray, *, loops: int) -> Comparison:
    """Compare by the log ratios of all rounds.

    The interval is a bootstrap over process pairs and, within each, over rounds: a process's memory layout
    favours one side for its whole life, so rounds of one pair are not independent.  It is two-sided at
    `FALSE_ALARMS / loops` (Bonferroni), so that a comparison of many loops cries wolf as seldom as one of a single.

    Args:
        log_ratios: (pairs, rounds), log(time of B / time of A).
        loops: how many loops are compared at once.
    """
    pairs, rounds = log_ratios.shape
    rng = np.random.default_rng(0)
    which = rng.integers(pairs, size=(RESAMPLES, pairs))
    of_pair = np.empty((RESAMPLES, pairs))
    for pair in range(pairs):
        resampled = log_ratios[pair][rng.integers(rounds, size=(RESAMPLES, rounds))]
        of_pair[:, pair] = np.median(resampled, axis=1)
    means = np.take_along_axis(of_pair, which, axis=1).mean(axis=1)
    tail = FALSE_ALARMS / loops / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    change = np.median(log_ratios, axis=1).mean()
    return Comparison(*(float(np.expm1(value)) for value in (change, low, high)))
