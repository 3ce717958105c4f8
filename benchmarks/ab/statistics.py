"""Is B slower than A?  The statistics of paired measurements, apart from how they are taken."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FLOOR = 0.03  # a change below 3 % is not worth a person's time, and memory layout alone causes as much
FALSE_ALARMS = 0.05  # in a whole comparison, over all its loops
RESAMPLES = 20_000
MIN_PAIRS, MAX_PAIRS = 6, 48  # pairs of processes: the fewest that decide, and the most for a loop


@dataclass(frozen=True)
class Change:
    """The relative change from A to B, with its interval."""

    change: float  # 0.05: B takes 5 % longer
    low: float
    high: float
    pairs: int

    @property
    def slower(self) -> bool:
        return self.pairs >= MIN_PAIRS and self.low > FLOOR

    @property
    def faster(self) -> bool:
        return self.pairs >= MIN_PAIRS and self.high < 1 / (1 + FLOOR) - 1

    @property
    def decided(self) -> bool:
        """The interval lies on one side of the floor: more pairs would not change the verdict."""
        return self.pairs >= MIN_PAIRS and (self.low > FLOOR or self.high < FLOOR)


def change_of(log_ratios: Sequence[float], *, loops: int) -> Change:
    """The change from A to B, from the result of each pair of processes.

    The unit is the pair, not the round: the place of a process's memory favours one side for its whole life, so the
    rounds within a pair are not independent.  The interval is the percentile bootstrap of the mean over pairs,
    two-sided at `FALSE_ALARMS / loops` (Bonferroni), and widened by sqrt(n / (n - 1)), since the bootstrap of n values
    has a variance (n - 1) / n too small.  That level is nominal: the bootstrap of a few values cannot leave their
    range, and a comparison looks again after each further pair.  The interval, the floor of 3 % and the second
    measurement prevent false alarms together; the calibration measures their rate.

    Args:
        log_ratios: one log(time of B / time of A) of each pair of processes, as `benchmarks.ab.sides.Pair` has it.
        loops: how many loops are compared at once.
    """
    ratios = np.asarray(log_ratios, float)
    pairs, mean = len(ratios), ratios.mean()
    means = ratios[np.random.default_rng(0).integers(pairs, size=(RESAMPLES, pairs))].mean(axis=1)
    tail = FALSE_ALARMS / loops / 2
    low, high = mean + (np.quantile(means, [tail, 1 - tail]) - mean) * np.sqrt(pairs / max(1, pairs - 1))
    return Change(*(float(np.expm1(value)) for value in (mean, low, high)), pairs)
