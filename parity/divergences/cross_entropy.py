"""Cross-entropy: logits or probabilities, weights and smoothing."""

import numpy as np

from parity.divergences.entry import Divergence


def _classes(rng):
    return {
        "logits": rng.normal(0, 2, (6, 5)),
        "labels": rng.integers(5, size=6),
    }


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
    gap, units = 2.23, 6.2e7
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

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels, logits)

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


class CeWeight(Divergence):
    """torch's weighted cross-entropy divides by the sum of the weights; Keras's by the number of samples.

    With classes of very different weights the step so depends on which of them are in the batch, in one of the two.
    Keras has torch's mean under another name.  torch divides by the number as soon as targets are probabilities.
    """

    name = "CE-WEIGHT"
    apis = (
        "torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss", "keras.losses.SparseCategoricalCrossentropy",
        "keras.losses.CategoricalCrossentropy", "keras.Model.fit",
    )  # fmt: skip
    words = ("class_weight", "sample_weight", "weight", "imbalanced classes", "mean_with_sample_weight", "divisor")
    gap, units = 3.17, 9e7
    arguments = ("weight", "class_weight", "sample_weight")
    source = "torch.nn.CrossEntropyLoss, reduction; keras.losses.Loss, reduction"
    cure = 'keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")'

    def inputs(rng):
        return {**_classes(rng), "weight": np.array([1.0, 2.0, 4.0, 8.0, 0.5])}

    def torch(logits, labels, weight):
        import torch

        return torch.nn.CrossEntropyLoss(weight=weight)(logits, labels)

    def keras(logits, labels, weight):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(
            labels,
            logits,
            sample_weight=keras.ops.take(weight, labels),
        )

    def aligned_keras(logits, labels, weight):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True,
            reduction="mean_with_sample_weight",
        )
        return loss(
            labels,
            logits,
            sample_weight=keras.ops.take(weight, labels),
        )

    def recognise(a, b):
        return a.weight is not None and a.reduction == "mean" and b.reduction == "sum_over_batch_size"

    def pair():
        import keras
        import torch

        weighted = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
        return weighted, keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def aligned_pair():
        import keras
        import torch

        weighted = torch.nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
        return weighted, keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        )


class CeSmooth(Divergence):
    """Label smoothing is the same formula in both: (1 - s) · one-hot + s / classes.

    torch takes integer labels, and Keras one-hot rows: its sparse loss has no smoothing.
    """

    name, apis = "CE-SMOOTH", ("torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy")
    words = ("label_smoothing", "label smoothing", "one-hot")
    gap, equal = 0, True
    source = "torch.nn.CrossEntropyLoss, label_smoothing; keras.losses.CategoricalCrossentropy, label_smoothing"
    cure = "nothing to align but one-hot labels"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss(label_smoothing=0.1)(logits, labels)

    def keras(logits, labels):
        import keras

        loss = keras.losses.CategoricalCrossentropy(
            from_logits=True,
            label_smoothing=0.1,
        )
        return loss(keras.ops.one_hot(labels, 5), logits)


class CeSmoothing(Divergence):
    """The two models smooth their labels differently, or only one of them does.

    Zero is the default of both.  Where it is set in one, the training loss ends at another value and so does the
    accuracy's last digit; at the same value they agree (CE-SMOOTH).
    """

    name = "CE-SMOOTHING"
    apis = (
        "torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy",
        "keras.losses.SparseCategoricalCrossentropy",
    )  # fmt: skip
    words = ("label_smoothing", "label smoothing", "loss does not reach zero")
    gap, units = 0.0161, 4.3e5
    arguments = ("label_smoothing",)
    source = "torch.nn.CrossEntropyLoss, label_smoothing; keras.losses.CategoricalCrossentropy, label_smoothing"
    cure = "label_smoothing=0.1 in both"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss(label_smoothing=0.1)(logits, labels)

    def keras(logits, labels):
        import keras

        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        return loss(keras.ops.one_hot(labels, 5), logits)

    def aligned_keras(logits, labels):
        import keras

        loss = keras.losses.CategoricalCrossentropy(
            from_logits=True,
            label_smoothing=0.1,
        )
        return loss(keras.ops.one_hot(labels, 5), logits)

    def recognise(a, b):
        return a.label_smoothing != getattr(b, "label_smoothing", 0)

    def pair():
        import keras
        import torch

        smooth = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
        return smooth, keras.losses.CategoricalCrossentropy(from_logits=True)

    def aligned_pair():
        import keras
        import torch

        smooth = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
        return smooth, keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)


class CeSoft(Divergence):
    """torch's cross-entropy takes rows of probabilities as targets, and then is Keras's categorical one.

    Both mean over the batch.  Integer one-hot rows are refused (CE-ONEHOT).
    """

    name, apis = "CE-SOFT", ("torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy")
    words = ("soft labels", "mixup", "distillation", "probabilities as target")
    gap, equal = 0, True
    source = "torch.nn.CrossEntropyLoss; keras.losses.CategoricalCrossentropy"
    cure = "nothing to align"

    def inputs(rng):
        return {
            "logits": rng.normal(0, 2, (6, 5)),
            "p": rng.dirichlet(np.ones(5), 6),
        }

    def torch(logits, p):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, p)

    def keras(logits, p):
        import keras

        return keras.losses.CategoricalCrossentropy(from_logits=True)(p, logits)
