"""Is B slower than A?  An interval that stays valid while one looks again after every pair.

A pair of processes gives x = log(time of B / time of A).  If both run the same code, A and B may change places, so x is
as likely as -x, whatever came before; if B takes θ longer in logarithm, x lies symmetrically about θ.  Nothing else is
assumed of the noise: no variance, no normal distribution, no independence of its size from the past.

A gambler who holds that θ > t stakes a part of the capital on each pair before it is measured.  Pair i multiplies it by

    1 + c tanh((x_i - t) / s),

whose mean is at most 1 where θ <= t, because tanh is odd and increasing.  So the capital is a nonnegative
supermartingale, and the chance that it ever reaches 1 / level is at most that level, however often one looks (Ville's
inequality).  1 + tanh(μ x / σ²) is the likelihood ratio between a normal x around μ and an even mixture of those around
μ and -μ, and it is bounded: a disturbed pair costs at most a factor of 1 - c, and gains at most 1 + c.  The capital is
shared out equally over several stakes c and scales s, since the scatter is not known: bold stakes decide soon, careful
ones outlast a machine that disturbs one pair in ten.  All t that the gambler has refuted lie below the interval; a
second gambler, who holds that θ < t, gives its upper end.

One pair can at most double a capital, so no test that assumes symmetry alone reaches the level of 156 loops,
0.05 / 156, in fewer than 12 pairs.  A lean to one side that lasts for a whole sitting is no noise of this kind; against
that "slower" takes two sittings, half of all at least, and the centre of all pairs.

The libraries for such intervals (confseq, expectation) bound the mean of variables with known bounds; a ratio of times
has none, and its mean is what one disturbed pair moves.

Sources: Ville 1939; de la Peña 1999, "A general class of exponential inequalities for martingales and ratios"; Ramdas
et al. 2020, "Admissible anytime-valid sequential inference must rely on nonnegative martingales" (symmetric steps);
Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting" (the gambler, the shared
capital, the interval).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import bisect
from scipy.stats import trim_mean

FLOOR = 0.03  # slower: the interval lies above; a smaller change is not worth a person's time
CEILING = 0.04  # not slower: it lies below; what lies between the two may be called either
FALSE_ALARMS = 0.05  # the chance that a comparison calls any loop slower that is at most FLOOR slower
MISSED = 0.05  # for a loop alone: the chance that it is called not slower though it is more than CEILING slower
SITTING = 6  # pairs in a row; then the other loops have their turns.  The fewest that decide
# In one run.  Only a change between FLOOR and CEILING on a noisy machine takes so many; after two thirds of them one in
# twenty of such is undecided beside a process that fills the other core, and one in a hundred after all.
MAX_PAIRS = 288
STAKES = 0.9, 0.5
SCALES = 0.005, 0.015, 0.045
TRIMMED = 0.2  # of the pairs at each end, for the centre
WIDEST = 10.0  # in logarithm: beyond any change


@dataclass(frozen=True)
class Change:
    """The relative change from A to B: its centre, the interval that decides, and the verdict.

    `low` is proven at `FALSE_ALARMS` over all loops of the comparison, `high` at `MISSED` for the loop alone.  Before
    there are enough pairs, `low` is -1 and `high` is infinite.
    """

    change: float  # 0.05: B takes 5 % longer
    low: float
    high: float
    pairs: int
    scatter: float  # of the pairs: half the width of their middle two thirds
    agreeing: int  # sittings whose centre lies above FLOOR

    @property
    def word(self) -> str:
        """slower, faster, not slower, or undecided.

        "slower" takes the centre of all pairs and those of two sittings, half of all at least: what disturbs a sitting
        may lean to one side for as long as it lasts.  Where the interval lies between `FLOOR` and `CEILING`, slower
        wins; where too few sittings agree, the upper end alone decides.
        """
        if self.low > FLOOR and self.change > FLOOR and self.agreeing >= max(2, self.pairs / SITTING / 2):
            return "slower"
        if self.pairs >= SITTING and self.high < CEILING:
            return "faster" if self.high < 1 / (1 + FLOOR) - 1 else "not slower"
        return "undecided"

    @property
    def interval(self) -> str:
        """`+3.4% to +5.1%`, `at most +1.2%`, `at least +3.4%`, or a dash: an unproven end is left out.

        Pairs of sittings that contradict one another may leave nothing between the ends.
        """
        low, high = self.low > -1, math.isfinite(self.high)
        if low and high and self.low > self.high:
            return "contradictory"
        if low and high:
            return f"{self.low:+.1%} to {self.high:+.1%}"
        return f"at least {self.low:+.1%}" if low else f"at most {self.high:+.1%}" if high else "-"

    @property
    def missing(self) -> str:
        """What an undecided loop lacks, and what would help."""
        again = "run the same command again when the machine is quieter, it adds to these pairs"
        if self.low > FLOOR and self.change <= FLOOR:
            return f"some sittings say slower, and the centre of all pairs does not: {again}"
        if self.low > FLOOR:
            return (
                f"{self.agreeing} of {math.ceil(self.pairs / SITTING)} sittings say slower, which is too few: {again}"
            )
        zone = f"above {FLOOR:.0%} or below {CEILING:.0%}"
        return f"{self.pairs} pairs that scatter by {self.scatter:.1%} leave {self.interval}, not yet {zone}: {again}"


def change_of(log_ratios: Sequence[Sequence[float]], *, loops: int) -> Change:
    """The change from A to B.

    Args:
        log_ratios: log(time of B / time of A) of each pair of processes, in the order of measurement: a list for each
            sitting.
        loops: how many loops are compared at once; they share `FALSE_ALARMS` (Bonferroni).
    """
    x = np.concatenate([np.asarray(sitting, float) for sitting in log_ratios])
    left, right = np.quantile(x, [1 / 6, 5 / 6])
    bounds = centre(x), lower_bound(x, FALSE_ALARMS / loops), -lower_bound(-x, MISSED)
    agreeing = sum(len(sitting) >= SITTING and centre(sitting) > math.log1p(FLOOR) for sitting in log_ratios)
    return Change(*map(_relative, bounds), len(x), float(right - left) / 2, agreeing)


def sittings(log_ratios: Sequence[float]) -> list[Sequence[float]]:
    """The pairs of each sitting; the last one may be incomplete."""
    return [log_ratios[start : start + SITTING] for start in range(0, len(log_ratios), SITTING)]


def log_capital(x: np.ndarray, t: float) -> np.ndarray:
    """The logarithm of the capital of who holds that θ > t, after each pair.  x (..., n) -> (..., n)."""
    soft_signs = [np.tanh((x - t) / scale) for scale in SCALES]
    capitals = [np.log1p(stake * sign).cumsum(-1) for sign in soft_signs for stake in STAKES]
    return np.logaddexp.reduce(capitals) - math.log(len(capitals))


def lower_bound(x: np.ndarray, level: float) -> float:
    """The greatest t that was refuted with this level after any pair; -inf if none can be yet.

    The capital falls with t, so one search finds it.
    """

    def excess(t: float) -> float:
        return float(log_capital(x, t).max() + math.log(level))

    return bisect(excess, -WIDEST, WIDEST, xtol=1e-6) if excess(-WIDEST) > 0 else -math.inf


def centre(x: Sequence[float] | np.ndarray) -> float:
    """The trimmed mean."""
    return float(trim_mean(x, TRIMMED))


def _relative(log_ratio: float) -> float:
    return float(np.expm1(log_ratio))
