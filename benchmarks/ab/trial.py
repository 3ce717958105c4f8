"""A comparison of two revisions: a sitting of pairs for every loop, then another for the loops that are not decided."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.ab.evidence import MAX_PAIRS, SITTING, Change, change_of, sittings
from benchmarks.ab.sides import Failed, Loop, Pair, pair_of, sides

# Seconds from the beginning of one sitting to that of the next: a disturbance should not last through both.
APART = 60.0


@dataclass
class Trial:
    """A comparison of two revisions: the pairs of each loop so far, or why it has none."""

    pairs: dict[Loop, list[Pair]] = field(default_factory=dict)
    failed: dict[Loop, str] = field(default_factory=dict)
    spent: dict[Loop, float] = field(default_factory=dict)  # seconds; the loops share those of the processes' starts
    began: float = 0.0  # when its last sitting did, by the clock on the wall, which the next process reads too

    def run(
        self, a: Path, b: Path, loops: Sequence[Loop], size: str, *,
        later: int = 0, keep: Callable[[str], None] = lambda note: None,
    ) -> None:  # fmt: skip
        """Measure sitting after sitting, until each loop is decided or has `MAX_PAIRS` more pairs than before.

        Args:
            a, b: the folders of the two revisions.
            later: pairs after which the last comparison of a loop begins, which is to have as many.
            keep: called after every loop of every pair with a note on the progress.
        """
        most = {loop: self.count(loop) + later + MAX_PAIRS for loop in loops}

        def wanted() -> list[Loop]:
            open_ = (loop for loop in loops if loop not in self.failed and self.count(loop) < most[loop])
            return [loop for loop in open_ if not self.decided(loop, loops)]

        while left := wanted():
            sitting = min(self.count(loop) // SITTING for loop in left)
            time.sleep(min(APART, max(0.0, self.began + APART - time.time())))
            self.began = time.time()
            for framework in dict.fromkeys(loop.framework for loop in left):
                while mine := [
                    loop for loop in wanted()
                    if loop.framework == framework and self.count(loop) < (sitting + 1) * SITTING
                ]:  # fmt: skip
                    fewest = min(map(self.count, mine))
                    mine = [loop for loop in mine if self.count(loop) == fewest]
                    self._measure_pair(a, b, mine, size, keep)

    def count(self, loop: Loop) -> int:
        return len(self.pairs.get(loop, ()))

    def decided(self, loop: Loop, loops: Sequence[Loop]) -> bool:
        """Whether a loop needs no more pairs."""
        return bool(self.pairs.get(loop)) and self.change(loop, loops).word != "undecided"

    def change(self, loop: Loop, loops: Sequence[Loop]) -> Change:
        """The change that a loop's pairs give; `loops` are all that are compared at once."""
        return change_of(sittings([pair.log_ratio for pair in self.pairs[loop]]), loops=len(loops))

    def changes(self, loops: Sequence[Loop]) -> dict[Loop, Change]:
        """The change of each loop that could be measured."""
        return {loop: self.change(loop, loops) for loop in loops if loop not in self.failed and self.pairs.get(loop)}

    def _measure_pair(self, a: Path, b: Path, loops: Sequence[Loop], size: str, keep: Callable[[str], None]) -> None:
        """Measure each loop in one pair of processes, and in another one after a loop has ended its own."""
        left, number = list(loops), self.count(loops[0])
        while left:
            began, before = time.monotonic(), len(left)
            with sides(a, b, b_first=bool(number % 2)) as (first, second):
                while len(left) == before or (left and first.alive and second.alive):
                    loop = left.pop(0)
                    try:
                        pair = pair_of(first, second, loop, size)
                        self.pairs.setdefault(loop, []).append(pair)
                    except Failed as error:
                        self.failed[loop] = str(error)
                    keep(f"{loop.framework}, pair {number + 1}: {len(loops) - len(left)} of {len(loops)} loops")
            share = (time.monotonic() - began) / (before - len(left))
            for loop in loops[len(loops) - before : len(loops) - len(left)]:
                self.spent[loop] = self.spent.get(loop, 0.0) + share
