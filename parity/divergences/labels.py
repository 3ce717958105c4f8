"""Labels of a cross-entropy: their type, their shape, and those to be left out."""

import numpy as np

from parity.divergences.entry import Divergence


def _classes(rng):
    return {"logits": rng.normal(0, 2, (6, 5)), "labels": rng.integers(5, size=6)}


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


class CeAllign(Divergence):
    """The mean over no label is NaN in torch and 0 in Keras.

    A batch whose labels are all ignored, a sequence of padding alone for instance, so turns every weight of a torch
    model into NaN with the next step.
    """

    name, apis = "CE-ALLIGN", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("all labels ignored", "nan loss", "ignore_index", "ignore_class", "padding", "empty mask")
    gap = float("inf")
    source = "torch.nn.CrossEntropyLoss, ignore_index; keras/src/losses/loss.py, reduce_values"
    cure = "divide the sum by max(1, the number of labels that are kept)"

    def inputs(rng):
        return {"logits": rng.normal(0, 2, (4, 5)), "labels": np.full(4, -100)}

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)(labels, logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss(reduction="sum")(logits, labels) / (labels != -100).sum().clamp(min=1)


class CeEmpty(Divergence):
    """The mean over an empty batch is NaN in torch, and in Keras a vector without an element.

    The last batch of a filtered data set can be so.  float() of Keras's loss then fails.
    """

    name, apis = "CE-EMPTY", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("empty batch", "nan loss", "shape (0,)", "last batch")
    gap = float("inf")
    source = "torch.nn.CrossEntropyLoss; keras/src/losses/loss.py, reduce_values"
    cure = "skip empty batches"
    unaligned = "the mean of nothing is not defined"

    def inputs(rng):
        return {"logits": np.zeros((0, 5)), "labels": np.zeros(0, dtype="int64")}

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)


class CeClassdim(Divergence):
    """torch's classes are axis 1, before time and pixels; Keras's are the last axis.

    Logits (batch, time, classes) of a language model or (batch, h, w, classes) of a segmentation must be transposed for
    torch.  Where time is as long as there are classes nothing is refused, and the loss is of the wrong axis.
    """

    name, apis = "CE-CLASSDIM", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("class axis", "Expected target size", "sequence", "segmentation", "language model", "transpose")
    gap = float("inf")
    raises = {"torch": ("RuntimeError", r"Expected target size \[2, 5\], got \[2, 4\]")}
    source = "torch.nn.CrossEntropyLoss, Shape; keras.losses.SparseCategoricalCrossentropy"
    cure = "logits.transpose(1, 2); or flatten both to (batch · time, classes)"

    def inputs(rng):
        return {"logits": rng.normal(0, 2, (2, 4, 5)), "labels": rng.integers(5, size=(2, 4))}

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits.transpose(1, 2), labels)


class CeColumn(Divergence):
    """torch refuses labels of shape (n, 1); Keras drops the second axis.

    A column is what pandas and many loaders hand out.
    """

    name, apis = "CE-COLUMN", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("multi-target not supported", "0D or 1D target tensor expected", "label shape", "squeeze")
    gap = float("inf")
    raises = {"torch": ("RuntimeError", "0D or 1D target tensor expected, multi-target not supported")}
    source = "torch.nn.CrossEntropyLoss, Shape"
    cure = "labels.squeeze(1)"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels[:, None])

    def keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels[:, None], logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels[:, None].squeeze(1))


class CeOnehot(Divergence):
    """torch refuses one-hot rows of integers; Keras's categorical loss casts them.

    One-hot rows are taken for probabilities, which are floating.
    """

    name, apis = "CE-ONEHOT", ("torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy")
    words = ("one-hot", "Expected floating point type for target with class probabilities", "to_categorical")
    gap = float("inf")
    raises = {"torch": ("RuntimeError", "Expected floating point type for target with class probabilities, got Long")}
    source = "torch.nn.CrossEntropyLoss, Shape"
    cure = "one_hot.float(); or integer labels"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, torch.nn.functional.one_hot(labels, 5))

    def keras(logits, labels):
        import keras

        one_hot = keras.ops.one_hot(labels, 5, dtype="int64")
        return keras.losses.CategoricalCrossentropy(from_logits=True)(one_hot, logits)

    def aligned_torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, torch.nn.functional.one_hot(labels, 5).to(logits.dtype))


class CeCategorical(Divergence):
    """Keras has a loss for integer labels and one for one-hot rows, and each refuses the other's; torch has one.

    "must have the same rank" says that integers came to CategoricalCrossentropy.
    """

    name, apis = "CE-CATEGORICAL", ("torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy")
    words = ("must have the same rank", "sparse or categorical", "integer labels", "one-hot")
    gap = float("inf")
    raises = {"keras": ("ValueError", r"must have the same rank \(ndim\)")}
    source = "keras.losses.CategoricalCrossentropy; keras.losses.SparseCategoricalCrossentropy"
    cure = "SparseCategoricalCrossentropy for integers"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, labels)

    def keras(logits, labels):
        import keras

        return keras.losses.CategoricalCrossentropy(from_logits=True)(labels, logits)

    def aligned_keras(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)


class CeSparse(Divergence):
    """One-hot rows in Keras's sparse loss are an error of ranks; in torch they are probabilities.

    "must have rank (ndim) `target.ndim - 1`" has the two names in the wrong places.
    """

    name, apis = "CE-SPARSE", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("must have rank", "target.ndim - 1", "one-hot", "sparse or categorical")
    gap = float("inf")
    raises = {"keras": ("ValueError", r"must have rank \(ndim\)")}
    source = "keras/src/backend/tensorflow/nn.py, sparse_categorical_crossentropy"
    cure = "CategoricalCrossentropy for one-hot rows"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, torch.nn.functional.one_hot(labels, 5).to(logits.dtype))

    def keras(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(keras.ops.one_hot(labels, 5), logits)

    def aligned_keras(logits, labels):
        import keras

        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        return loss(keras.ops.one_hot(labels, 5), logits)
