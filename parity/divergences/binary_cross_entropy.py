"""Binary cross-entropy: logits or probabilities, its ends, its weight."""

import numpy as np

from parity.divergences.entry import Divergence


class BceClamp(Divergence):
    """The loss of a probability of 0 for a 1 ends at 100 in torch and at 16.1 in Keras.

    torch clamps the logarithm at -100, Keras the probability at 1e-7.  From logits the loss is their size, here 200,
    in both.
    """

    name, apis = "BCE-CLAMP", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("16.118", "loss is 100", "log of zero", "clamp", "epsilon", "from_logits", "sigmoid")
    gap, units = 0.839, 2.4e7
    source = "torch.nn.BCELoss; keras/src/backend/tensorflow/nn.py, binary_crossentropy"
    cure = "BCEWithLogitsLoss; BinaryCrossentropy(from_logits=True)"

    def inputs(rng):
        return {"z": np.array([[-200.0]]), "truth": np.array([[1]])}

    def torch(z, truth):
        import torch

        return torch.nn.BCELoss()(torch.sigmoid(z), truth.to(z.dtype))

    def keras(z, truth):
        import keras
        import tensorflow as tf

        return keras.losses.BinaryCrossentropy()(truth, tf.sigmoid(z))

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))

    def aligned_keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)


class BceLogits(Divergence):
    """torch's BCEWithLogitsLoss is Keras's BinaryCrossentropy with from_logits=True, which is not its default.

    Logits given to the default are clipped to [1e-7, 1]: every negative one counts as the probability 0.
    """

    name, apis = "BCE-LOGITS", ("torch.nn.BCEWithLogitsLoss", "torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("from_logits", "sigmoid twice", "forgotten sigmoid", "loss does not fall", "binary cross entropy differs")
    gap, units = 3.55, 9.1e7
    source = "torch.nn.BCEWithLogitsLoss; keras.losses.BinaryCrossentropy, from_logits"
    cure = "from_logits=True, and no sigmoid in the model"

    def inputs(rng):
        return {
            "z": rng.normal(0, 2, (6, 1)),
            "truth": rng.integers(2, size=(6, 1)),
        }

    def torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))

    def keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(truth, z)

    def aligned_keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)

    def recognise(a, b):
        return (type(a).__name__ == "BCEWithLogitsLoss") != b.from_logits

    def pair():
        import keras
        import torch

        return torch.nn.BCEWithLogitsLoss(), keras.losses.BinaryCrossentropy()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.BCEWithLogitsLoss(), keras.losses.BinaryCrossentropy(from_logits=True)


class BceGrad(Divergence):
    """At a probability of 0 for a 1 torch's gradient is -1e12, and Keras's is zero.

    torch keeps 1/(p (1 - p)) finite with 1e-12; Keras's clip has no slope.  After a sigmoid that has reached 0 both
    vanish, since the sigmoid's slope does.
    """

    name, apis = "BCE-GRAD", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("1e12", "exploding gradient", "gradient is zero", "clamp", "from_logits")
    gap, units = 1, 2.9e7
    source = "aten/src/ATen/native/Loss.cpp, binary_cross_entropy_backward; keras/src/backend/tensorflow/nn.py"
    cure = "BCEWithLogitsLoss; BinaryCrossentropy(from_logits=True)"
    unaligned = "the derivative there is infinite; that by the logit is not, in either (BCE-CLAMP)"

    def torch():
        import torch

        p = torch.zeros(1, 1, requires_grad=True)
        torch.nn.BCELoss()(p, torch.ones(1, 1)).backward()
        return p.grad

    def keras():
        import keras
        import tensorflow as tf

        p = tf.zeros((1, 1))
        with tf.GradientTape() as tape:
            tape.watch(p)
            loss = keras.losses.BinaryCrossentropy()(tf.ones((1, 1)), p)
        return tape.gradient(loss, p)


class BceAsym(Divergence):
    """A probability of 1 costs 15.9 in Keras for a 0 and 1e-7 for a 1; in torch 100 and nothing.

    1 - 1e-7 rounds to 1 - 1.19e-7 in float32, so Keras's two ends are not the same: 16.118 at p = 0, 15.942 at p = 1.
    """

    name, apis = "BCE-ASYM", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("15.942", "1.19e-7", "loss never zero", "clamp", "epsilon", "from_logits")
    gap, units = 0.841, 2.4e7
    source = "torch.nn.BCELoss; keras/src/backend/tensorflow/nn.py, binary_crossentropy"
    cure = "BCEWithLogitsLoss; BinaryCrossentropy(from_logits=True)"

    def inputs(rng):
        return {
            "z": np.array([[200.0], [200.0]]),
            "truth": np.array([[0], [1]]),
        }

    def torch(z, truth):
        import torch

        return torch.nn.functional.binary_cross_entropy(
            torch.sigmoid(z),
            truth.to(z.dtype),
            reduction="none",
        )[:, 0]

    def keras(z, truth):
        import keras
        import tensorflow as tf

        return keras.losses.binary_crossentropy(truth, tf.sigmoid(z))

    def aligned_torch(z, truth):
        import torch

        return torch.nn.functional.binary_cross_entropy_with_logits(
            z,
            truth.to(z.dtype),
            reduction="none",
        )[:, 0]

    def aligned_keras(z, truth):
        import keras

        return keras.losses.binary_crossentropy(truth, z, from_logits=True)


class BcePos(Divergence):
    """torch's pos_weight is that of tf.nn.weighted_cross_entropy_with_logits.

    Both multiply the loss of the ones.  Keras's own losses have no such argument; its class_weight of fit() does the
    same where the batch is one output wide.
    """

    name, apis = "BCE-POS", ("torch.nn.BCEWithLogitsLoss", "tf.nn.weighted_cross_entropy_with_logits")
    words = ("pos_weight", "imbalanced classes", "weighted binary cross entropy")
    gap, equal = 0, True
    source = "torch.nn.BCEWithLogitsLoss, pos_weight; tf.nn.weighted_cross_entropy_with_logits"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "z": rng.normal(0, 2, (6, 1)),
            "truth": rng.integers(2, size=(6, 1)),
        }

    def torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss(
            pos_weight=torch.tensor([3.0], dtype=z.dtype),
        )(z, truth.to(z.dtype))

    def tf(z, truth):
        import tensorflow as tf

        return tf.reduce_mean(
            tf.nn.weighted_cross_entropy_with_logits(
                tf.cast(truth, z.dtype),
                z,
                3.0,
            ),
        )
