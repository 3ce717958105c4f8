"""Keras's cross-entropy of probabilities: where it is clipped, and when it finds the logits."""

import numpy as np

from parity.divergences.entry import Divergence


class CeClip(Divergence):
    """Keras clips probabilities at 1e-7 before the logarithm, so its loss ends at 16.1 and its gradient is then zero.

    More than 16 between the right logit and the largest one, and the sample no longer trains.  Logits have no such
    end: the loss is their difference.
    """

    name, apis = "CE-CLIP", ("torch.nn.CrossEntropyLoss", "keras.losses.SparseCategoricalCrossentropy")
    words = ("16.118", "epsilon", "1e-7", "loss saturates", "vanishing gradient", "from_logits", "clip")
    gap, units = 0.158, 3.2e6
    source = "keras/src/backend/tensorflow/nn.py, sparse_categorical_crossentropy; keras.config.epsilon"
    cure = "from_logits=True, and no softmax in the model"

    def inputs(rng):
        return {
            "logits": np.array([[5.0, 0.0], [17.0, 0.0], [20.0, 0.0]]),
            "labels": np.array([1, 1, 1]),
        }

    def torch(logits, labels):
        import torch

        logits.requires_grad_()
        loss = torch.nn.functional.cross_entropy(
            logits,
            labels,
            reduction="none",
        )
        loss.sum().backward()
        return torch.stack([loss, logits.grad[:, 0]])

    def keras(logits, labels):
        import keras
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = keras.losses.sparse_categorical_crossentropy(
                labels,
                tf.nn.softmax(logits),
            )
        return tf.stack([loss, tape.gradient(loss, logits)[:, 0]])

    def aligned_keras(logits, labels):
        import keras
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = keras.losses.sparse_categorical_crossentropy(
                labels,
                logits,
                from_logits=True,
            )
        return tf.stack([loss, tape.gradient(loss, logits)[:, 0]])


class CeRecover(Divergence):
    """Keras's loss of probabilities depends on who computed them: it looks for the logits behind a softmax of its own.

    `keras.ops.softmax` and the Activation layer leave their logits on the tensor, and the loss takes them.  The same
    numbers from predict(), NumPy, a Reshape or a half-precision head are clipped (CE-CLIP): evaluate() says 50 and
    the loss of predict() says 16.  It is meant as a help.
    """

    name = "CE-RECOVER"
    apis = (
        "keras.losses.SparseCategoricalCrossentropy",
        "keras.ops.softmax",
        "keras.Model.evaluate",
        "keras.Model.predict",
    )
    words = ("evaluate differs from predict", "_keras_logits", "16.118", "softmax in the model", "Reshape")
    gap, units = 0.66, 1.3e7
    framework = "tf"
    source = "keras/src/backend/tensorflow/nn.py, _get_logits"
    cure = "from_logits=True, and no softmax in the model"

    def inputs(rng):
        return {
            "logits": np.array([[50.0, 0.0], [1.0, 0.0]]),
            "labels": np.array([1, 1]),
        }

    def softmax(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy()
        return loss(labels, keras.ops.softmax(logits))

    def predicted(logits, labels):
        import keras

        predicted = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
        return keras.losses.SparseCategoricalCrossentropy()(labels, predicted)

    def aligned_predicted(logits, labels):
        import keras

        predicted = keras.ops.convert_to_numpy(logits)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels, predicted)


class CeEagerGraph(Divergence):
    """A model that ends in tf.nn.softmax has one loss in a graph and another in eager mode.

    In a graph Keras finds the operation that made the probabilities and takes its logits; in eager mode there is no
    graph to look at, and they are clipped (CE-CLIP).  fit() and run_eagerly=True so report different losses.  It looks
    like a bug of Keras.  tf.sigmoid under BinaryCrossentropy is the same.
    """

    name, apis = "CE-EAGER-GRAPH", ("keras.losses.SparseCategoricalCrossentropy", "tf.nn.softmax", "tf.function")
    words = ("run_eagerly", "eager differs from graph", "16.118", "tf.nn.softmax", "loss changes when debugging")
    gap, units = 0.66, 1.3e7
    framework = "tf"
    source = "keras/src/backend/tensorflow/nn.py, _get_logits"
    cure = "from_logits=True, and no softmax in the model"
    script = """
        import keras
        import tensorflow as tf


        def loss(logits):
            cross_entropy = keras.losses.SparseCategoricalCrossentropy()
            return cross_entropy(tf.constant([1]), tf.nn.softmax(logits))


        logits = tf.constant([[50.0, 0.0]])
        eager, graph = float(loss(logits)), float(tf.function(loss)(logits))
        assert eager == graph, f"{eager} in eager mode, {graph} in a graph"
    """

    def inputs(rng):
        return {
            "logits": np.array([[50.0, 0.0], [1.0, 0.0]]),
            "labels": np.array([1, 1]),
        }

    def graph(logits, labels):
        import keras
        import tensorflow as tf

        loss = tf.function(
            lambda y, z: keras.losses.SparseCategoricalCrossentropy()(
                y,
                tf.nn.softmax(z),
            ),
        )
        return loss(labels, logits)

    def eager(logits, labels):
        import keras
        import tensorflow as tf

        loss = keras.losses.SparseCategoricalCrossentropy()
        return loss(labels, tf.nn.softmax(logits))

    def aligned_eager(logits, labels):
        import keras

        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return loss(labels, logits)


class CeUnnorm(Divergence):
    """Keras's two cross-entropies differ where probabilities do not sum to one.

    The one of one-hot labels divides by the sum; the sparse one clips to 1 first and normalises by a softmax of the
    logarithms.  Scores such as (2, 1, 1) are so 0.69 or 1.10.  It looks like a bug of Keras.
    """

    name, apis = "CE-UNNORM", ("keras.losses.CategoricalCrossentropy", "keras.losses.SparseCategoricalCrossentropy")
    words = ("sparse and categorical differ", "unnormalised probabilities", "do not sum to one", "relu output")
    gap, units = 0.585, 1.5e7
    framework = "tf"
    source = "keras/src/backend/tensorflow/nn.py, categorical_crossentropy"
    cure = "normalise: p / sum(p)"
    script = """
        import keras

        scores = keras.ops.convert_to_tensor([[2.0, 1.0, 1.0]])
        sparse = keras.losses.SparseCategoricalCrossentropy()
        one_hot = keras.losses.CategoricalCrossentropy()
        a = float(sparse(keras.ops.convert_to_tensor([0]), scores))
        b = float(one_hot(keras.ops.one_hot([0], 3), scores))
        assert abs(a - b) < 1e-5, f"{a} for labels, {b} for one-hot rows"
    """

    def inputs(rng):
        return {"p": np.array([[2.0, 1.0, 1.0]]), "labels": np.array([0])}

    def categorical(p, labels):
        import keras

        loss = keras.losses.CategoricalCrossentropy()
        return loss(keras.ops.one_hot(labels, 3), p)

    def sparse(p, labels):
        import keras

        return keras.losses.SparseCategoricalCrossentropy()(labels, p)

    def aligned_sparse(p, labels):
        import keras

        p = p / keras.ops.sum(p, axis=-1, keepdims=True)
        return keras.losses.SparseCategoricalCrossentropy()(labels, p)


class CeOnecol(Divergence):
    """A cross-entropy over one column of logits is zero whatever the network says, in both frameworks.

    The softmax of one number is 1.  Nothing is learnt and nothing is said; Keras's loss of probabilities adds its
    clip of 1e-7, which is the only thing that differs.  A binary problem with one output wants the binary loss.
    """

    name = "CE-ONECOL"
    apis = ("torch.nn.CrossEntropyLoss", "keras.losses.CategoricalCrossentropy", "torch.nn.BCEWithLogitsLoss")
    words = ("loss is zero", "does not learn", "one output", "binary classification", "softmax of one")
    gap = float("inf")
    gives = {"torch": "float32 0", "keras": "float32 1.19e-07"}
    source = "torch.nn.CrossEntropyLoss; keras.losses.CategoricalCrossentropy"
    cure = "BCEWithLogitsLoss; BinaryCrossentropy(from_logits=True)"

    def inputs(rng):
        return {
            "z": rng.normal(0, 2, (6, 1)),
            "truth": rng.integers(2, size=(6, 1)),
        }

    def torch(z, truth):
        import torch

        return torch.nn.CrossEntropyLoss()(z, torch.zeros(6, dtype=torch.int64))

    def keras(z, truth):
        import keras

        return keras.losses.CategoricalCrossentropy()(
            keras.ops.ones((6, 1)),
            keras.ops.convert_to_numpy(keras.ops.softmax(z)),
        )

    def aligned_torch(z, truth):
        import torch

        return torch.nn.BCEWithLogitsLoss()(z, truth.to(z.dtype))

    def aligned_keras(z, truth):
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=True)(truth, z)
