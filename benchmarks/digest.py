"""A digest of what is timed: two revisions, or two commits of a series, are compared only if it is the same.

The worker of `benchmarks.ab` runs this file in both revisions, so it takes the revision's `draw` and uses nothing else
of `parity`.
"""

import hashlib

import numpy as np


def digest(task, draw):
    """The digest of the drawn arrays, their layout, the sizes, the timed configuration, and the names of the outputs.

    Names, comments and helpers of a specification may change without a new series.  Floating arrays count as the
    float32 that is timed: their last bits in float64 may differ between machines.  `large` counts by its
    numbers alone: the same function draws it, which would take seconds in each of asv's processes.

    Args:
        task: a `parity.Task`, of this revision or an older one.
        draw: its revision's `draw`.
    """
    sha = hashlib.sha256()
    for size in sorted(task.sizes.keys() - {"large"}):
        for arrays in draw(task, size, judged=False):
            for name, a in sorted(arrays.items()):
                a = a.astype(np.float32) if np.issubdtype(a.dtype, np.floating) else a
                sha.update(f"{size} {name} {a.dtype} {a.shape}".encode() + a.tobytes())
    loops = {name: task.stages[name].outputs for name in task.loops}
    timed = sorted({**task.config, **task.timing}.items())
    sizes = {size: sorted(numbers.items()) for size, numbers in task.sizes.items()}
    sha.update(repr((sizes, timed, loops, sorted(task.layout.items()))).encode())
    return sha.hexdigest()[:16]
