"""Dropout at its limits: everything dropped, and what infinity becomes."""

from parity.divergences.entry import Divergence


class DropP1(Divergence):
    """tf.nn.dropout refuses a rate of 1, where the layers of torch and Keras return zeros.

    A schedule of rates that reaches 1, or a stochastic depth that drops a whole branch, raises there.
    """

    name, apis = "DROP-P1", ("torch.nn.Dropout", "keras.layers.Dropout", "tf.nn.dropout")
    words = ("rate=1", "p=1", "rate must be a scalar tensor or a float in the range", "dropout")
    gap = float("inf")
    gives = {"torch": "float32 (10,): 0, 0, 0, ...; rms 0", "keras": "float32 (10,): 0, 0, 0, ...; rms 0"}
    raises = {"tf": ("ValueError", r"must be a scalar tensor or a float in the range \[0, 1\)")}
    source = "tensorflow/python/ops/nn_ops.py, dropout_v2; torch.nn.Dropout; keras.layers.Dropout"
    cure = "tf.zeros_like(x) where the rate is 1"

    def inputs(rng):
        return {"x": rng.normal(size=10)}

    def torch(x):
        import torch

        return torch.nn.Dropout(1.0)(x)

    def keras(x):
        import keras

        return keras.layers.Dropout(1.0)(x, training=True)

    def tf(x):
        import tensorflow as tf

        return tf.nn.dropout(x, rate=1.0)

    def aligned_tf(x):
        import tensorflow as tf

        return tf.zeros_like(x)


class DropAll(Divergence):
    """The layers of torch and Keras both return zeros at a rate of 1.

    The scale 1/(1 - p) would be infinite; both handle the case by itself.  tf.nn.dropout does not (DROP-P1).
    """

    name, apis = "DROP-ALL", ("torch.nn.Dropout", "keras.layers.Dropout")
    words = ("rate=1", "p=1", "dropout", "division by zero")
    gap, equal = 0, True
    source = "torch.nn.Dropout; keras/src/backend/tensorflow/random.py, dropout"
    cure = "nothing to align"

    def inputs(rng):
        return {"x": rng.normal(size=10)}

    def torch(x):
        import torch

        return torch.nn.Dropout(1.0)(x)

    def keras(x):
        import keras

        return keras.layers.Dropout(1.0)(x, training=True)


class DropInf(Divergence):
    """torch's dropout makes a dropped infinity NaN, Keras's makes it zero.

    torch multiplies by 0, and inf · 0 is NaN; Keras selects.  Scores that were masked with -inf before a dropout show
    it.  Here everything is dropped.
    """

    name, apis = "DROP-INF", ("torch.nn.Dropout", "keras.layers.Dropout")
    words = ("inf", "nan", "masked scores", "dropout", "nan in training only")
    gap = float("inf")
    gives = {"torch": "float32 (10,): nan, nan, nan, ...; rms 0, 10 nan", "keras": "float32 (10,): 0, 0, 0, ...; rms 0"}
    source = "torch.nn.Dropout; keras/src/backend/tensorflow/random.py, dropout"
    cure = "clamp before dropping"

    def inputs(rng):
        return {"x": rng.normal(size=10) + float("inf")}

    def torch(x):
        import torch

        return torch.nn.Dropout(1.0)(x)

    def keras(x):
        import keras

        return keras.layers.Dropout(1.0)(x, training=True)

    def aligned_torch(x):
        import torch

        return torch.nn.Dropout(1.0)(x.clamp(max=torch.finfo(x.dtype).max))


class DropRate(Divergence):
    """Two dropouts with another rate train differently, and agree in every evaluation.

    Old TensorFlow code has keep_prob = 1 - rate, so 0.9 there is 0.1 here.  The values are the largest of many ones
    after the dropout, 1/(1 - rate).
    """

    name, apis = "DROP-RATE", ("torch.nn.Dropout", "keras.layers.Dropout", "tf.compat.v1.nn.dropout")
    words = ("keep_prob", "rate", "dropout", "trains differently", "option")
    gap, units = 2.0, 5.8e7
    arguments = ("p", "rate")
    source = "torch.nn.Dropout, p; keras.layers.Dropout, rate; tf.compat.v1.nn.dropout, keep_prob"
    cure = "the same rate in both; 1 - keep_prob"

    def torch():
        import torch

        return torch.nn.Dropout(0.25)(torch.ones(100)).max()

    def keras():
        import keras

        return keras.ops.max(
            keras.layers.Dropout(0.75)(keras.ops.ones(100), training=True),
        )

    def aligned_keras():
        import keras

        return keras.ops.max(
            keras.layers.Dropout(1 - 0.75)(keras.ops.ones(100), training=True),
        )

    def recognise(a, b):
        return abs(a.p - b.rate) > 1e-9

    def pair():
        import keras
        import torch

        return torch.nn.Dropout(0.25), keras.layers.Dropout(0.75)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.Dropout(0.25), keras.layers.Dropout(0.25)
