"""Binary cross-entropy: its ends, its range, and what it refuses."""

import numpy as np

from parity.divergences.entry import Divergence


class BceShape(Divergence):
    """Binary cross-entropy of (n, 1) logits and (n,) targets is refused by torch; Keras makes them one shape.

    NumPy written by hand computes the mean over n² pairs, without a word.
    """

    name, apis = "BCE-SHAPE", ("torch.nn.BCEWithLogitsLoss", "torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("Target size must be the same as input size", "broadcast", "(n, 1) against (n,)", "squeeze")
    gap = float("inf")
    raises = {"torch": ("ValueError", "Target size .* must be the same as input size")}
    source = "torch.nn.BCEWithLogitsLoss, Shape; keras/src/losses/loss.py, squeeze_or_expand_to_same_rank"
    cure = "targets of shape (n, 1)"

    def inputs(rng):
        return {"z": rng.normal(0, 2, (6, 1)), "truth": rng.integers(2, size=6)}

    def torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))

    def keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)

    def numpy(z, truth):
        return np.mean(np.log1p(np.exp(z)) - z * truth.astype(z.dtype))

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype).unsqueeze(1))

    def aligned_numpy(z, truth):
        return np.mean(np.log1p(np.exp(z)) - z * truth.astype(z.dtype)[:, None])


class BceDtype(Divergence):
    """torch's binary cross-entropy refuses integer targets; Keras casts them.

    0 and 1 are most naturally integers, and so a data set keeps them.  BCELoss, which takes probabilities, says "Found
    dtype Long but expected Float" instead.
    """

    name, apis = "BCE-DTYPE", ("torch.nn.BCEWithLogitsLoss", "torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("result type Float can't be cast", "integer targets", "Found dtype Long but expected Float")
    gap = float("inf")
    raises = {"torch": ("RuntimeError", "result type Float can't be cast to the desired output type Long")}
    source = "torch.nn.BCEWithLogitsLoss, Shape"
    cure = "targets.float()"

    def inputs(rng):
        return {"z": rng.normal(0, 2, (6, 1)), "truth": rng.integers(2, size=(6, 1))}

    def torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth)

    def keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))


class BceClamp(Divergence):
    """The loss of a probability of 0 for a 1 ends at 100 in torch and at 16.1 in Keras.

    torch clamps the logarithm at -100, Keras the probability at 1e-7.  From logits the loss is their size, here 200,
    in both.
    """

    name, apis = "BCE-CLAMP", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("16.118", "loss is 100", "log of zero", "clamp", "epsilon", "from_logits", "sigmoid")
    gap = 0.839
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
    gap = 3.55
    source = "torch.nn.BCEWithLogitsLoss; keras.losses.BinaryCrossentropy, from_logits"
    cure = "from_logits=True, and no sigmoid in the model"

    def inputs(rng):
        return {"z": rng.normal(0, 2, (6, 1)), "truth": rng.integers(2, size=(6, 1))}

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
    gap = 1
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
    gap = 0.841
    source = "torch.nn.BCELoss; keras/src/backend/tensorflow/nn.py, binary_crossentropy"
    cure = "BCEWithLogitsLoss; BinaryCrossentropy(from_logits=True)"

    def inputs(rng):
        return {"z": np.array([[200.0], [200.0]]), "truth": np.array([[0], [1]])}

    def torch(z, truth):
        import torch

        return torch.nn.functional.binary_cross_entropy(torch.sigmoid(z), truth.to(z.dtype), reduction="none")[:, 0]

    def keras(z, truth):
        import keras
        import tensorflow as tf

        return keras.losses.binary_crossentropy(truth, tf.sigmoid(z))

    def aligned_torch(z, truth):
        import torch

        return torch.nn.functional.binary_cross_entropy_with_logits(z, truth.to(z.dtype), reduction="none")[:, 0]

    def aligned_keras(z, truth):
        import keras

        return keras.losses.binary_crossentropy(truth, z, from_logits=True)


class BceRange(Divergence):
    """torch refuses a "probability" of 1.5; Keras clips it to 1 and is content.

    It is the sign of a sigmoid that was forgotten, and Keras trains on without it.
    """

    name, apis = "BCE-RANGE", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = (
        "all elements of input should be between 0 and 1",
        "forgotten sigmoid",
        "from_logits",
        "device-side assert",
    )
    gap = float("inf")
    raises = {"torch": ("RuntimeError", "all elements of input should be between 0 and 1")}
    source = "torch.nn.BCELoss, Shape; keras/src/backend/tensorflow/nn.py, binary_crossentropy"
    cure = "take them as logits: BCEWithLogitsLoss; BinaryCrossentropy(from_logits=True)"

    def inputs(rng):
        return {"z": np.array([[1.5], [0.5]]), "truth": np.array([[1], [0]])}

    def torch(z, truth):
        import torch

        return torch.nn.BCELoss()(z, truth.to(z.dtype))

    def keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(truth, z)

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))

    def aligned_keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)


class BceLong(Divergence):
    """BCELoss of integer targets says "Found dtype Long but expected Float"; Keras casts them.

    BCEWithLogitsLoss has other words for it (BCE-DTYPE).
    """

    name, apis = "BCE-LONG", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("Found dtype Long but expected Float", "integer targets", "label dtype")
    gap = float("inf")
    raises = {"torch": ("RuntimeError", "(Found|found) dtype Long but expected Float")}
    source = "torch.nn.BCELoss, Shape"
    cure = "targets.float()"

    def inputs(rng):
        return {"p": rng.uniform(0.1, 0.9, (6, 1)), "truth": rng.integers(2, size=(6, 1))}

    def torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth)

    def keras(p, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(truth, p)

    def aligned_torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth.to(p.dtype))


class BceColumn(Divergence):
    """BCELoss refuses a size that differs, where MSELoss warns and broadcasts.

    (n, 1) probabilities and (n,) targets.  Keras makes them one shape.
    """

    name, apis = "BCE-COLUMN", ("torch.nn.BCELoss", "keras.losses.BinaryCrossentropy")
    words = ("Using a target size", "is deprecated", "Please ensure they have the same size", "squeeze")
    gap = float("inf")
    raises = {"torch": ("ValueError", "Using a target size .* is deprecated")}
    source = "torch/nn/functional.py, binary_cross_entropy; keras/src/losses/loss.py, squeeze_or_expand_to_same_rank"
    cure = "targets of shape (n, 1)"

    def inputs(rng):
        return {"p": rng.uniform(0.1, 0.9, (6, 1)), "truth": rng.integers(2, size=6)}

    def torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth.to(p.dtype))

    def keras(p, truth):
        import keras

        return keras.losses.BinaryCrossentropy()(truth, p)

    def aligned_torch(p, truth):
        import torch

        return torch.nn.BCELoss()(p, truth.to(p.dtype).unsqueeze(1))


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
        return {"z": rng.normal(0, 2, (6, 1)), "truth": rng.integers(2, size=(6, 1))}

    def torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0], dtype=z.dtype))(z, truth.to(z.dtype))

    def tf(z, truth):
        import tensorflow as tf

        return tf.reduce_mean(tf.nn.weighted_cross_entropy_with_logits(tf.cast(truth, z.dtype), z, 3.0))
