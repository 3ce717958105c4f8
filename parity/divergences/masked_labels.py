"""Labels that are out of range, or to be left out of a cross-entropy."""

import numpy as np

from parity.divergences.entry import Divergence


class CeOor(Divergence):
    """A label out of range is an IndexError in torch, an InvalidArgumentError in TensorFlow, and NaN under XLA.

    On a GPU TensorFlow gives NaN too, and torch fails an assertion on the device.  -100 is not such a label in torch:
    it is its ignore_index, and says nothing (CE-IGNORE).
    """

    name, apis = "CE-OOR", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("label out of range", "Target is out of bounds", "nan loss", "jit_compile", "num_classes")
    gap = float("inf")
    gives = {"xla": "float32 [6.07, nan, 2.75]"}
    framework = "tf"
    raises = {
        "torch": ("IndexError", "Target 7 is out of bounds"),
        "keras": ("InvalidArgumentError", "Received a label value of 7"),
    }
    source = "torch.nn.CrossEntropyLoss; tf.nn.sparse_softmax_cross_entropy_with_logits"
    cure = "check 0 <= labels < classes before the training"
    unaligned = "the loss of such a label is not defined"

    def inputs(rng):
        return {
            "logits": rng.normal(0, 2, (3, 5)),
            "labels": np.array([0, 7, 1]),
        }

    def torch(logits, labels):
        import torch

        return torch.nn.functional.cross_entropy(
            logits,
            labels,
            reduction="none",
        )

    def keras(logits, labels):
        import keras

        return keras.losses.sparse_categorical_crossentropy(
            labels,
            logits,
            from_logits=True,
        )

    def xla(logits, labels):
        import keras
        import tensorflow as tf

        @tf.function(jit_compile=True)
        def loss(labels, logits):
            return keras.losses.sparse_categorical_crossentropy(
                labels,
                logits,
                from_logits=True,
            )

        return loss(labels, logits)  # NaN for the second


class CeIgnore(Divergence):
    """torch leaves out the label -100 by default; Keras knows no such label unless it is named.

    Padded tokens carry it in most published data.  Keras refuses it on a CPU.  Both then divide by the number of labels
    that are kept.
    """

    name, apis = "CE-IGNORE", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("ignore_index", "ignore_class", "-100", "padding token", "masked loss")
    gap = float("inf")
    gives = {"torch": "float32 2.64"}
    raises = {"keras": ("InvalidArgumentError", "Received a label value of -100")}
    source = "torch.nn.CrossEntropyLoss, ignore_index; keras.losses.SparseCategoricalCrossentropy, ignore_class"
    cure = "ignore_class=-100"

    def inputs(rng):
        return {
            "logits": rng.normal(0, 2, (4, 5)),
            "labels": np.array([0, -100, 1, 4]),
        }

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels, logits)

    def aligned_keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(
            from_logits=True,
            ignore_class=-100,
        )(labels, logits)

    def recognise(a, b):
        return a.ignore_index != b.ignore_class and (a.ignore_index != -100 or b.ignore_class is not None)

    def pair():
        import keras
        import torch

        return torch.nn.CrossEntropyLoss(ignore_index=0), keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def aligned_pair():
        import keras
        import torch

        return torch.nn.CrossEntropyLoss(ignore_index=0), keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=0
        )


class CeAllign(Divergence):
    """The mean over no label is NaN in torch and 0 in Keras.

    A batch whose labels are all ignored, a sequence of padding alone for instance, makes the loss of an epoch NaN in
    torch, and whatever is weighed by it.  The gradients by the logits are zero in both.
    """

    name, apis = "CE-ALLIGN", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("all labels ignored", "nan loss", "ignore_index", "ignore_class", "padding", "empty mask")
    gap = float("inf")
    gives = {"torch": "float32 nan", "keras": "float32 0"}
    source = "torch.nn.CrossEntropyLoss, ignore_index; keras/src/losses/loss.py, reduce_values"
    cure = "divide the sum by max(1, the number of labels that are kept)"

    def inputs(rng):
        return {"logits": rng.normal(0, 2, (4, 5)), "labels": np.full(4, -100)}

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(
            from_logits=True,
            ignore_class=-100,
        )(labels, logits)

    def aligned_torch(logits, labels):
        import torch

        total = torch.nn.CrossEntropyLoss(reduction="sum")(logits, labels)
        return total / (labels != -100).sum().clamp(min=1)


class CeEmpty(Divergence):
    """The mean over an empty batch is NaN in torch, and in Keras a vector without an element.

    The last batch of a filtered data set can be so.  float() of Keras's loss then fails.
    """

    name, apis = "CE-EMPTY", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("empty batch", "nan loss", "shape (0,)", "last batch")
    gap = float("inf")
    gives = {"torch": "float32 nan", "keras": "float32 []"}
    source = "torch.nn.CrossEntropyLoss; keras/src/losses/loss.py, reduce_values"
    cure = "skip empty batches"
    unaligned = "the mean of nothing is not defined"

    def inputs(rng):
        return {
            "logits": np.zeros((0, 5)),
            "labels": np.zeros(0, dtype="int64"),
        }

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels, logits)
