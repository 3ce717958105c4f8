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
    gap, units = 0.5, 1.5e7
    source = (
        "keras/src/metrics/accuracy_metrics.py, binary_accuracy; "
        "keras/src/metrics/metrics_utils.py, update_confusion_matrix_variables"
    )
    cure = "compare with > in both"

    def inputs(rng):
        return {
            "votes": np.array([1, 2, 2, 3]),
            "truth": np.array([0, 1, 1, 1]),
        }  # of four

    def torch(votes, truth):
        return ((votes / 4 >= 0.5) == truth).float().mean()

    def keras(votes, truth):
        import keras

        return keras.metrics.BinaryAccuracy()(truth, votes / 4)

    def aligned_torch(votes, truth):
        return ((votes / 4 > 0.5) == truth).float().mean()


class MetAuc(Divergence):
    """Keras's AUC looks at 200 thresholds between 0 and 1; where all scores lie between two of them it is 0.5.

    The exact one compares each positive with each negative, as scikit-learn does.  A model at the start of its
    training, or of a rare class, has such scores.
    """

    name, apis = "MET-AUC", ("keras.metrics.AUC", "sklearn.metrics.roc_auc_score")
    words = ("auc", "roc", "num_thresholds", "auc is 0.5", "auc differs from sklearn")
    gap, units = 0.394, 1.1e7
    source = "keras.metrics.AUC, num_thresholds; sklearn.metrics.roc_auc_score"
    cure = "thresholds=sorted scores; or sklearn.metrics.roc_auc_score"

    def inputs(rng):
        truth = rng.integers(0, 2, 50)
        noisy = truth + rng.normal(size=50)
        return {
            "scores": 0.5011 + 0.0005 * noisy.clip(-2, 2),
            "truth": truth,
        }

    def numpy(scores, truth):
        positive, negative = scores[truth == 1], scores[truth == 0]
        return (positive[:, None] > negative).mean()

    def keras(scores, truth):
        import keras

        return keras.metrics.AUC()(truth, scores)

    def aligned_keras(scores, truth):
        import keras

        thresholds = sorted({float(score) for score in scores})
        return keras.metrics.AUC(thresholds=thresholds)(truth, scores)


class MetTopk(Divergence):
    """Keras counts every tied class as among the top k; torch's topk takes k of them.

    A model that gives all classes the same score has a top-5 accuracy of 1 in Keras, of 5/n in torch.
    """

    name, apis = "MET-TOPK", ("keras.metrics.SparseTopKCategoricalAccuracy", "torch.topk", "tf.math.in_top_k")
    words = ("top k accuracy", "ties", "top-5", "accuracy is 1", "constant output")
    gap, units = 0.5, 1.5e7
    source = "tf.math.in_top_k: ties; keras/src/metrics/accuracy_metrics.py; torch.topk"
    cure = "count the classes that are above the label's: (p > p_label).sum(1) < k"

    def inputs(rng):
        return {
            "votes": np.ones((3, 3), int),
            "label": np.array([0, 1, 2]),
        }  # of four

    def torch(votes, label):
        best = (votes / 4).topk(2).indices
        return (best == label[:, None]).any(1).float().mean()

    def keras(votes, label):
        import keras

        return keras.metrics.SparseTopKCategoricalAccuracy(k=2)(
            label,
            keras.ops.cast(votes, "float32"),
        )

    def aligned_torch(votes, label):
        above = (votes > votes.gather(1, label[:, None])).sum(1)
        return (above < 2).float().mean()


class MetBcast(Divergence):
    """Comparing a column of predictions with a vector of labels broadcasts in torch; Keras squeezes it.

    (n, 1) == (n,) is (n, n), and its mean is no accuracy.  It needs no error to be wrong.
    """

    name, apis = "MET-BCAST", ("torch.eq", "keras.metrics.BinaryAccuracy")
    words = ("broadcast", "accuracy too low", "shape (n, 1)", "squeeze", "accuracy does not change")
    gap, units = 1.0, 2.9e7
    source = "torch, Broadcasting semantics; keras/src/losses/loss.py, squeeze_or_expand_to_same_rank"
    cure = "p.squeeze(1)"

    def inputs(rng):
        return {
            "p": np.array([[0.9], [0.1], [0.8], [0.2]]),
            "label": np.array([1, 0, 1, 0]),
        }

    def torch(p, label):
        return ((p > 0.5) == label).to(p.dtype).mean()

    def keras(p, label):
        import keras

        return keras.metrics.BinaryAccuracy()(label, p)

    def aligned_torch(p, label):
        return ((p.squeeze(1) > 0.5) == label).to(p.dtype).mean()


class MetNan(Divergence):
    """torch's argmax stops at a NaN, TensorFlow's passes over it, so Keras reports an accuracy of a broken model.

    [nan, 0.1, 0.9] is class 0 in torch and class 2 in Keras.  A training that has diverged can look perfect.
    """

    name, apis = "MET-NAN", ("torch.argmax", "keras.metrics.SparseCategoricalAccuracy", "tf.math.argmax")
    words = ("nan", "argmax", "accuracy with nan", "diverged")
    gap, units = 1.0, 2.9e7
    source = "torch.argmax; tf.math.argmax; keras/src/metrics/accuracy_metrics.py, sparse_categorical_accuracy"
    cure = "keras.callbacks.TerminateOnNaN; or make a NaN infinite before"

    def inputs(rng):
        return {
            "p": np.array([[np.nan, 0.1, 0.9], [0.1, 0.2, 0.7]]),
            "label": np.array([2, 2]),
        }

    def torch(p, label):
        return (p.argmax(1) == label).to(p.dtype).mean()

    def keras(p, label):
        import keras

        return keras.metrics.SparseCategoricalAccuracy()(label, p)

    def aligned_keras(p, label):
        import keras

        p = keras.ops.where(keras.ops.isnan(p), float("inf"), p)
        return keras.metrics.SparseCategoricalAccuracy()(label, p)
