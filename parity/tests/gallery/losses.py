"""One model, and losses that are not the same."""

from functools import partial

import keras
import torch
from keras import layers, ops
from torch import nn

from parity.tests.gallery import Fault, Pair, integers, normal, trained

WEIGHTS = (0.25, 1.0, 2.0, 4.0)


def classifier(outputs=4):
    net = nn.Sequential()
    net.add_module("fc1", nn.Linear(6, 8))
    net.add_module("act", nn.Tanh())
    net.add_module("fc2", nn.Linear(8, outputs))
    return trained(net)


def keras_classifier(outputs=4):
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, name="fc1"),
            layers.Activation("tanh", name="act"),
            layers.Dense(outputs, name="fc2"),
        ]
    )


def weighted(divide):
    """Cross-entropy with a weight for each class, over the sum of the weights or over the batch."""

    def loss(target, logits):
        each = keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)
        w = ops.take(ops.convert_to_tensor(WEIGHTS, dtype=each.dtype), target)
        return ops.sum(w * each) / (ops.sum(w) if divide else target.shape[0])

    return loss


def bits(rng):
    return rng.integers(0, 2, (5, 1)).astype("float32")


def values(rng):
    return 3 * normal(5, 3)(rng)


X, CLASSES = normal(5, 6), integers(4, 5)
LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
CLASS_LOSS = nn.CrossEntropyLoss(weight=torch.tensor(WEIGHTS))


def trains(loss, targets, cause=None):
    faults = (Fault(("loss", "loss"), cause, "loss"),) if cause else ()
    return {"inputs": X, "loss": loss, "targets": targets, "train": True, "faults": faults}


def pair_of(outputs):
    return {"torch_net": partial(classifier, outputs), "keras_net": partial(keras_classifier, outputs)}


PAIRS = (
    Pair("loss_of_classes", **pair_of(4), **trains((nn.CrossEntropyLoss(), LOGITS), CLASSES)),
    Pair("loss_weighted", **pair_of(4), **trains((CLASS_LOSS, weighted(True)), CLASSES)),
    Pair("loss_weighted_by_batch", **pair_of(4), **trains((CLASS_LOSS, weighted(False)), CLASSES, "CE-WEIGHT")),
    Pair(
        "loss_of_probabilities",
        **pair_of(4),
        **trains((nn.CrossEntropyLoss(), keras.losses.SparseCategoricalCrossentropy()), CLASSES, "CE-LOGITS"),
    ),
    Pair(
        "loss_of_bits",
        **pair_of(1),
        **trains((nn.BCEWithLogitsLoss(), keras.losses.BinaryCrossentropy()), bits, "BCE-LOGITS"),
    ),
    Pair(
        "loss_summed",
        **pair_of(3),
        **trains((nn.MSELoss(reduction="sum"), keras.losses.MeanSquaredError(reduction="sum")), values, "MSE-RED"),
    ),
    Pair(
        "loss_smoothed",
        **pair_of(4),
        **trains((nn.CrossEntropyLoss(label_smoothing=0.1), LOGITS), CLASSES, "CE-SMOOTHING"),
    ),
    Pair(
        "loss_huber",
        **pair_of(3),
        **trains((nn.SmoothL1Loss(beta=0.5), keras.losses.Huber(delta=0.5)), values, "HUBER"),
    ),
)
