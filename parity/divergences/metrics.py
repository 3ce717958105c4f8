"""Metrics: thresholds and averages."""

import numpy as np

from parity.divergences.entry import Divergence


class MetThr(Divergence):
    """Keras's metrics take a probability at the threshold for negative.

    They ask for p > 0.5 where a loop written by hand often has p >= 0.5, or round(), which takes 0.5 to 0.  It is seen
    with few distinct scores: trees, votes, low precision, or a model that has learned nothing and says 0.5.
    """

    name, apis = "MET-THR", ("keras.metrics.BinaryAccuracy", "keras.metrics.Precision", "keras.metrics.Recall")
    words = ("threshold", "accuracy differs", "precision", "recall", "probability of one half")
    gap = 0.5
    source = (
        "keras/src/metrics/accuracy_metrics.py, binary_accuracy; metrics_utils.py, update_confusion_matrix_variables"
    )
    cure = "compare with > in both"

    def inputs(rng):
        return {"votes": np.array([1, 2, 2, 3]), "truth": np.array([0, 1, 1, 1])}  # of four

    def torch(votes, truth):
        return ((votes / 4 >= 0.5) == truth).float().mean()

    def keras(votes, truth):
        import keras

        return keras.metrics.BinaryAccuracy()(truth, votes / 4)

    def aligned_torch(votes, truth):
        return ((votes / 4 > 0.5) == truth).float().mean()
