"""The loops that the harness is measured against."""

import numpy as np

from benchmarks.overhead.by_hand import BY_HAND
from parity.frameworks.runtime import available
from parity.timing.loop import USUAL, Backend, warmed


def test_a_loop_by_hand_computes_what_the_task_does(framework):
    """The loops that the harness is measured against do the same work on the same model."""
    for (task, loop), by_hand in BY_HAND.items():
        with warmed(task, loop, Backend(framework=framework, mode=USUAL[framework]), size="tiny") as ready:
            found, named = by_hand[framework](ready.model, ready.batch)(), ready.call()
            first = found[0] if isinstance(found, list | tuple) else found
            tensors = {"by hand": first, "harness": named.get("loss", named.get("grad.x"))}
            arrays = available(framework, "cpu", "eager").get(tensors, {})
            np.testing.assert_array_equal(arrays["by hand"], arrays["harness"])
