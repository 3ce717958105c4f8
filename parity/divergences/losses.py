"""Losses: what they take, what they refuse, and what they silently make of it."""

import numpy as np

from parity.divergences.entry import Divergence


def _classes(rng):
    return {"logits": rng.normal(0, 2, (6, 5)), "labels": rng.integers(5, size=6)}


class CeLogits(Divergence):
    """torch's cross-entropy takes logits; Keras's takes probabilities unless told otherwise.

    Logits given to Keras's default are clipped to [1e-7, 1] and their logarithm is taken: a loss that is finite,
    wrong, and without gradient where it was clipped.  Probabilities given to torch train too, slowly.
    """

    name = "CE-LOGITS"
    apis = (
        "torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy",
        "keras.losses.CategoricalCrossentropy", "keras.losses.BinaryCrossentropy",
    )  # fmt: skip
    words = ("from_logits", "softmax twice", "loss does not fall", "probabilities", "cross entropy differs")
    gap = 2.23
    source = "keras.losses.SparseCategoricalCrossentropy, from_logits; torch.nn.CrossEntropyLoss"
    cure = "from_logits=True, and no softmax in the model"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy()(labels, logits)

    def aligned_keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)

    def recognise(a, b):
        return not b.from_logits

    def pair():
        import keras
        import torch

        return torch.nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy()

    def aligned_pair():
        import keras
        import torch

        return torch.nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class CeOor(Divergence):
    """A label out of range is an IndexError in torch, an InvalidArgumentError in TensorFlow, and NaN under XLA.

    On a GPU TensorFlow gives NaN too, and torch fails an assertion on the device.  -100 is not such a label in torch:
    it is its ignore_index, and says nothing (CE-IGNORE).
    """

    name, apis = "CE-OOR", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("label out of range", "Target is out of bounds", "nan loss", "jit_compile", "num_classes")
    gap = float("inf")
    framework = "tf"
    raises = {
        "torch": ("IndexError", "Target 7 is out of bounds"),
        "keras": ("InvalidArgumentError", "Received a label value of 7"),
    }
    source = "torch.nn.CrossEntropyLoss; tf.nn.sparse_softmax_cross_entropy_with_logits"
    cure = "check 0 <= labels < classes before the training"
    unaligned = "the loss of such a label is not defined"

    def inputs(rng):
        return {"logits": rng.normal(0, 2, (3, 5)), "labels": np.array([0, 7, 1])}

    def torch(logits, labels):
        import torch

        return torch.nn.functional.cross_entropy(logits, labels, reduction="none")

    def keras(logits, labels):
        import keras

        return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)

    def xla(logits, labels):
        import keras
        import tensorflow as tf

        @tf.function(jit_compile=True)
        def loss(labels, logits):
            return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)

        return loss(labels, logits)  # NaN for the second


class CeIgnore(Divergence):
    """torch leaves out the label -100 by default; Keras knows no such label unless it is named.

    Padded tokens carry it in most published data.  Keras refuses it on a CPU.  Both then divide by the number of labels
    that are kept.
    """

    name, apis = "CE-IGNORE", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("ignore_index", "ignore_class", "-100", "padding token", "masked loss")
    gap = float("inf")
    raises = {"keras": ("InvalidArgumentError", "Received a label value of -100")}
    source = "torch.nn.CrossEntropyLoss, ignore_index; keras.losses.SparseCategoricalCrossentropy, ignore_class"
    cure = "ignore_class=-100"

    def inputs(rng):
        return {"logits": rng.normal(0, 2, (4, 5)), "labels": np.array([0, -100, 1, 4])}

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)

    def aligned_keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)(labels, logits)


class CeTarget(Divergence):
    """torch refuses labels that are floats; Keras takes them for the integers that they are.

    torch also refuses labels of shape (n, 1) and of int32.  A loader that hands out float32 for everything works in
    Keras, and is an error in torch that speaks of Long.
    """

    name, apis = "CE-TARGET", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("expected target dtype to be Long", "float labels", "label dtype", "expected scalar type Long")
    gap = float("inf")
    raises = {"torch": ("RuntimeError", "expected target dtype to be Long or Byte, but got Float")}
    source = "torch.nn.CrossEntropyLoss, Shape"
    cure = "labels.long() of shape (n,)"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels.float())

    def keras(logits, labels):
        import keras

        labels = keras.ops.cast(labels, "float32")
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels.float().long())


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


class MseBcast(Divergence):
    """The squared error of (n, 1) and (n,) is the mean over n² pairs in torch and NumPy; Keras makes them one shape.

    torch warns, NumPy does not.  The loss falls to the variance of the targets and no further, since the best
    prediction for all pairs is their mean.
    """

    name, apis = "MSE-BCAST", ("torch.nn.MSELoss", "torch.nn.functional.mse_loss", "keras.losses.MeanSquaredError")
    words = ("broadcast", "Using a target size that is different", "loss does not fall", "predicts the mean", "squeeze")
    gap = 0.27
    warns = {"torch": "Using a target size"}
    source = "torch/nn/functional.py, mse_loss; keras/src/losses/loss.py, squeeze_or_expand_to_same_rank"
    cure = "make the shapes equal: target.unsqueeze(1)"

    def inputs(rng):
        return {"prediction": rng.normal(size=(6, 1)), "target": rng.normal(size=6)}

    def torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target)

    def keras(prediction, target):
        import keras

        return keras.losses.MeanSquaredError()(target, prediction)

    def numpy(prediction, target):
        return np.mean((prediction - target) ** 2)

    def aligned_torch(prediction, target):
        import torch

        return torch.nn.MSELoss()(prediction, target.unsqueeze(1))

    def aligned_numpy(prediction, target):
        return np.mean((prediction - target[:, None]) ** 2)
