"""Cross-entropy: logits or probabilities, weights and smoothing."""

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


class CeClip(Divergence):
    """Keras clips probabilities at 1e-7 before the logarithm, so its loss ends at 16.1 and its gradient is then zero.

    Fifteen or more between the right logit and the largest one, and the sample no longer trains.  Logits have no such
    end: the loss is their difference.
    """

    name, apis = "CE-CLIP", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("16.118", "epsilon", "1e-7", "loss saturates", "vanishing gradient", "from_logits", "clip")
    gap = 0.158
    source = "keras/src/backend/tensorflow/nn.py, sparse_categorical_crossentropy; keras.config.epsilon"
    cure = "from_logits=True, and no softmax in the model"

    def inputs(rng):
        return {"logits": np.array([[5.0, 0.0], [17.0, 0.0], [20.0, 0.0]]), "labels": np.array([1, 1, 1])}

    def torch(logits, labels):
        import torch

        logits.requires_grad_()
        loss = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        loss.sum().backward()
        return torch.stack([loss, logits.grad[:, 0]])

    def keras(logits, labels):
        import keras
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = keras.losses.sparse_categorical_crossentropy(labels, tf.nn.softmax(logits))
        return tf.stack([loss, tape.gradient(loss, logits)[:, 0]])

    def aligned_keras(logits, labels):
        import keras
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        return tf.stack([loss, tape.gradient(loss, logits)[:, 0]])


class CeRecover(Divergence):
    """Keras's loss of probabilities depends on who computed them: it looks for the logits behind a softmax of its own.

    `keras.ops.softmax` and the Activation layer leave their logits on the tensor, and the loss takes them.  The same
    numbers from predict(), NumPy, a Reshape or a half-precision head are clipped (CE-CLIP): evaluate() says 50 and
    the loss of predict() says 16.  It looks like a bug, and is meant as a help.
    """

    name = "CE-RECOVER"
    apis = (
        "keras.losses.SparseCategoricalCrossentropy",
        "keras.ops.softmax",
        "keras.Model.evaluate",
        "keras.Model.predict",
    )
    words = ("evaluate differs from predict", "_keras_logits", "16.118", "softmax in the model", "Reshape")
    gap = 0.66
    framework = "tf"
    source = "keras/src/backend/tensorflow/nn.py, _get_logits"
    cure = "from_logits=True, and no softmax in the model"

    def inputs(rng):
        return {"logits": np.array([[50.0, 0.0], [1.0, 0.0]]), "labels": np.array([1, 1])}

    def softmax(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy()(labels, keras.ops.softmax(logits))

    def predicted(logits, labels):
        import keras

        predicted = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
        return keras.losses.SparseCategoricalCrossentropy()(labels, predicted)

    def aligned_predicted(logits, labels):
        import keras

        predicted = keras.ops.convert_to_numpy(logits)
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, predicted)


class CeEagerGraph(Divergence):
    """A model that ends in tf.nn.softmax has one loss in a graph and another in eager mode.

    In a graph Keras finds the operation that made the probabilities and takes its logits; in eager mode there is no
    graph to look at, and they are clipped (CE-CLIP).  fit() and run_eagerly=True so report different losses.  It looks
    like a bug of Keras.  tf.sigmoid under BinaryCrossentropy is the same.
    """

    name, apis = "CE-EAGER-GRAPH", ("keras.losses.SparseCategoricalCrossentropy", "tf.nn.softmax", "tf.function")
    words = ("run_eagerly", "eager differs from graph", "16.118", "tf.nn.softmax", "loss changes when debugging")
    gap = 0.66
    framework = "tf"
    source = "keras/src/backend/tensorflow/nn.py, _get_logits"
    cure = "from_logits=True, and no softmax in the model"

    def inputs(rng):
        return {"logits": np.array([[50.0, 0.0], [1.0, 0.0]]), "labels": np.array([1, 1])}

    def graph(logits, labels):
        import keras
        import tensorflow as tf

        loss = tf.function(lambda y, z: keras.losses.SparseCategoricalCrossentropy()(y, tf.nn.softmax(z)))
        return loss(labels, logits)

    def eager(logits, labels):
        import keras
        import tensorflow as tf

        return keras.losses.SparseCategoricalCrossentropy()(labels, tf.nn.softmax(logits))

    def aligned_eager(logits, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)


class CeUnnorm(Divergence):
    """Keras's two cross-entropies differ where probabilities do not sum to one.

    The one of one-hot labels divides by the sum; the sparse one clips to 1 first and normalises by a softmax of the
    logarithms.  Scores such as (2, 1, 1) are so 0.69 or 1.10.  It looks like a bug of Keras.
    """

    name, apis = "CE-UNNORM", ("keras.losses.CategoricalCrossentropy", "keras.losses.SparseCategoricalCrossentropy")
    words = ("sparse and categorical differ", "unnormalised probabilities", "do not sum to one", "relu output")
    gap = 0.585
    framework = "tf"
    source = "keras/src/backend/tensorflow/nn.py, categorical_crossentropy"
    cure = "normalise: p / sum(p)"

    def inputs(rng):
        return {"p": np.array([[2.0, 1.0, 1.0]]), "labels": np.array([0])}

    def categorical(p, labels):
        import keras

        return keras.losses.CategoricalCrossentropy()(keras.ops.one_hot(labels, 3), p)

    def sparse(p, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy()(labels, p)

    def aligned_sparse(p, labels):
        import keras

        p = p / keras.ops.sum(p, axis=-1, keepdims=True)
        return keras.losses.SparseCategoricalCrossentropy()(labels, p)


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
    gap = 3.17
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
        return loss(labels, logits, sample_weight=keras.ops.take(weight, labels))

    def aligned_keras(logits, labels, weight):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")
        return loss(labels, logits, sample_weight=keras.ops.take(weight, labels))

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


class CeOnecol(Divergence):
    """A cross-entropy over one column of logits is zero whatever the network says, in both frameworks.

    The softmax of one number is 1.  Nothing is learnt and nothing is said; Keras's loss of probabilities adds its
    clip of 1e-7, which is the only thing that differs.  A binary problem with one output wants the binary loss.
    """

    name = "CE-ONECOL"
    apis = ("torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy", "torch.nn.BCEWithLogitsLoss")
    words = ("loss is zero", "does not learn", "one output", "binary classification", "softmax of one")
    gap = float("inf")
    source = "torch.nn.CrossEntropyLoss; keras.losses.CategoricalCrossentropy"
    cure = "BCEWithLogitsLoss; BinaryCrossentropy(from_logits=True)"

    def inputs(rng):
        return {"z": rng.normal(0, 2, (6, 1)), "truth": rng.integers(2, size=(6, 1))}

    def torch(z, truth):
        import torch

        return torch.nn.CrossEntropyLoss()(z, torch.zeros(6, dtype=torch.int64))

    def keras(z, truth):
        import keras

        return keras.losses.CategoricalCrossentropy()(
            keras.ops.ones((6, 1)), keras.ops.convert_to_numpy(keras.ops.softmax(z))
        )

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))

    def aligned_keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)


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

        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
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
    gap = 0.0161
    source = "torch.nn.CrossEntropyLoss, label_smoothing; keras.losses.CategoricalCrossentropy, label_smoothing"
    cure = "label_smoothing=0.1 in both"

    inputs = _classes

    def torch(logits, labels):
        import torch

        return torch.nn.CrossEntropyLoss(label_smoothing=0.1)(logits, labels)

    def keras(logits, labels):
        import keras

        return keras.losses.CategoricalCrossentropy(from_logits=True)(keras.ops.one_hot(labels, 5), logits)

    def aligned_keras(logits, labels):
        import keras

        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
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
        return {"logits": rng.normal(0, 2, (6, 5)), "p": rng.dirichlet(np.ones(5), 6)}

    def torch(logits, p):
        import torch

        return torch.nn.CrossEntropyLoss()(logits, p)

    def keras(logits, p):
        import keras

        return keras.losses.CategoricalCrossentropy(from_logits=True)(p, logits)
